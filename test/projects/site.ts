/** How the site is written: its collections, its plugins, and the config that brings them together. */
import path from 'node:path';
import type { Adapter } from './adapter.js';
import type { Draw } from './draw.js';
import type { Layout } from './layout.js';

/** The way a site is written, and what it comes to. */
export interface Site {
  name: string;
  /** Files by path relative to the package that has the config. */
  files: Record<string, string>;
  /** What a person changes later on: a collection more, and a relation of the posts to it. */
  change(file: string, text: string): string;
  /** Whether it has plugins, of which nobody can read what they add. */
  hasPlugins: boolean;
  /** Files that the change adds. */
  added: Record<string, string>;
}

const NAMES = ['Posts', 'Pages', 'Media', 'Users'];

/** The text of a collection, as the value of `export const Name`. */
const COLLECTIONS: Record<string, string> = {
  Posts: `{
  slug: 'posts',
  access: { read: () => true },
  versions: { drafts: true },
  fields: [
    { name: 'title', type: 'text', required: true },
    { name: 'slug', type: 'text', unique: true, index: true },
    { name: 'author', type: 'relationship', relationTo: 'users', maxDepth: 0 },
    {
      name: 'gallery',
      type: 'array',
      fields: [{ name: 'image', type: 'upload', relationTo: 'media' }],
    },
  ],
}`,
  Pages: `{
  slug: 'pages',
  access: { read: () => true },
  fields: [
    { name: 'title', type: 'text' },
    { name: 'parent', type: 'relationship', relationTo: 'pages' },
    { type: 'tabs', tabs: [{ label: 'Text', fields: [{ name: 'body', type: 'textarea' }] }] },
  ],
}`,
  Media: `{
  slug: 'media',
  access: { read: () => true },
  upload: { staticDir: 'media' },
  fields: [{ name: 'alt', type: 'text' }],
}`,
  Users: `{
  slug: 'users',
  auth: true,
  fields: [],
}`,
  Tags: `{
  slug: 'tags',
  access: { read: () => true },
  fields: [{ name: 'name', type: 'text', unique: true }],
}`,
};

const HEADER = `{
  slug: 'header',
  access: { read: () => true },
  fields: [{ name: 'page', type: 'relationship', relationTo: 'pages' }],
}`;

const RELATION = "{ name: 'tags', type: 'relationship', relationTo: 'tags', hasMany: true },";
const NO_PLUGIN = '(config) => config';

/** Draws the way a site is written. */
export function drawSite(draw: Draw, layout: Layout, adapter: Adapter): Site {
  const isShared = layout.collections.startsWith('packages/');
  const list = isShared
    ? draw(['array', 'barrel', 'named', 'shared with others'] as const)
    : draw(['files', 'files', 'default exports', 'inline', 'array', 'barrel', 'named'] as const);
  const form = draw([
    'direct',
    'direct',
    'constant',
    'options',
    'options elsewhere',
    'factory',
    'async function',
    'awaited',
    'satisfies',
    'spread of a base',
    'promise by name',
  ] as const);
  const plugins = draw([
    'absent',
    'absent',
    'empty',
    'literal',
    'constant',
    'file',
    'condition',
    'spread',
  ] as const);
  const types = draw([true, false]);

  const configDirectory = path.posix.dirname(layout.config);
  const files: Record<string, string> = {};
  const added: Record<string, string> = {};

  const specifier = (from: string, to: string) => {
    const bare = to.replace(/\.ts$/, '').replace(/\/index$/, '');
    const top = layout.config.includes('/') ? `${layout.config.split('/')[0]}/` : '';
    if (layout.alias && bare.startsWith(top) && !bare.startsWith('packages/'))
      return `@/${bare.slice(top.length)}`;
    const relative = path.posix.relative(path.posix.dirname(from), bare);
    return relative.startsWith('.') ? relative : `./${relative}`;
  };

  // ---- collections --------------------------------------------------------------------------------------------

  const declare = (name: string) =>
    `import type { CollectionConfig } from 'payload';\n\n${
      list === 'default exports'
        ? `const ${name}: CollectionConfig = ${COLLECTIONS[name]};\n\nexport default ${name};\n`
        : `export const ${name}: CollectionConfig = ${COLLECTIONS[name]};\n`
    }`;
  const fileOf = (name: string) => `${layout.collections}/${name}.ts`;
  const index = isShared ? 'packages/cms/src/index.ts' : `${layout.collections}/index.ts`;
  if (list !== 'inline') {
    for (const name of NAMES) files[fileOf(name)] = declare(name);
    added[fileOf('Tags')] = declare('Tags');
  }
  const exported = (name: string) => `export { ${name} } from '${relativeTo(index, fileOf(name))}';\n`;
  const importOf = (from: string, name: string, to = fileOf(name)) =>
    list === 'default exports'
      ? `import ${name} from '${specifier(from, to)}';\n`
      : `import { ${name} } from '${from === index ? relativeTo(index, to) : specifier(from, to)}';\n`;
  const fromIndex = isShared ? '@site/cms' : specifier(layout.config, index);

  let imports = '';
  let collections = 'collections';
  switch (list) {
    case 'files':
    case 'default exports':
      imports = NAMES.map((name) => importOf(layout.config, name)).join('');
      collections = `[${NAMES.join(', ')}]`;
      break;
    case 'inline':
      collections = `[\n${NAMES.map((name) => `    ${COLLECTIONS[name]!.replaceAll('\n', '\n    ')},\n`).join('')}  ]`;
      break;
    case 'array':
      files[index] =
        `import type { CollectionConfig } from 'payload';\n${NAMES.map((name) => importOf(index, name)).join('')}\nexport const collections: CollectionConfig[] = [${NAMES.join(', ')}];\n`;
      imports = `import { collections } from '${fromIndex}';\n`;
      break;
    case 'barrel':
      files[index] = NAMES.map(exported).join('');
      imports = `import * as cms from '${fromIndex}';\n`;
      collections = 'Object.values(cms)';
      break;
    case 'named':
      files[index] = NAMES.map(exported).join('');
      imports = `import { ${NAMES.join(', ')} } from '${fromIndex}';\n`;
      collections = `[${NAMES.join(', ')}]`;
      break;
    case 'shared with others':
      // A package of which each app takes what it wants, by subpath.
      imports = NAMES.map((name) => `import { ${name} } from '@site/cms/${name}';\n`).join('');
      collections = `[${NAMES.join(', ')}]`;
  }

  // ---- plugins ------------------------------------------------------------------------------------------------

  const members = [
    `collections: ${collections}`,
    'globals: [Header]',
    "secret: process.env.PAYLOAD_SECRET || 'only-for-development'",
    'graphQL: { disable: true }',
    'telemetry: false',
    `db: ${adapter.expression}`,
  ];
  const payloadTypes = new Set<string>();
  let statements = adapter.statements;
  const at = draw([2, 3, 5, 6]);
  const give = (text: string) => members.splice(at, 0, text);
  switch (plugins) {
    case 'empty':
      give('plugins: []');
      break;
    case 'literal':
      give(`plugins: [${NO_PLUGIN}, ${NO_PLUGIN}]`);
      break;
    case 'constant':
      payloadTypes.add('Plugin');
      statements += `const plugins: Plugin[] = [${NO_PLUGIN}];\n\n`;
      give('plugins');
      break;
    case 'file': {
      const file = path.posix.join(configDirectory, 'plugins.ts');
      files[file] =
        `import type { Plugin } from 'payload';\n\nexport const plugins: Plugin[] = [\n  ${NO_PLUGIN},\n];\n`;
      imports += `import { plugins } from '${specifier(layout.config, file)}';\n`;
      give('plugins: [...plugins]');
      break;
    }
    case 'condition':
      give(`plugins: process.env.AUDIT ? [${NO_PLUGIN}] : []`);
      break;
    case 'spread':
      payloadTypes.add('Plugin');
      statements += `const shared: Plugin[] = [${NO_PLUGIN}];\n\n`;
      give(`plugins: [...shared, ${NO_PLUGIN}]`);
  }
  const header = path.posix.join(configDirectory, 'globals/Header.ts');
  files[header] =
    `import type { GlobalConfig } from 'payload';\n\nexport const Header: GlobalConfig = ${HEADER};\n`;
  imports += `import { Header } from '${specifier(layout.config, header)}';\n`;
  // While it develops, Payload writes the types anew.
  if (!types) members.push('typescript: { autoGenerate: false }');
  if (types) {
    files['payload-types.ts'] = typesText(['posts', 'pages', 'media', 'users']);
    const out = path.posix.relative(configDirectory, '.') || '.';
    imports = `import path from 'node:path';\nimport { fileURLToPath } from 'node:url';\n${imports}`;
    statements = `const dirname = path.dirname(fileURLToPath(import.meta.url));\n\n${statements}`;
    members.push(
      `typescript: { outputFile: path.resolve(dirname, '${out}/payload-types.ts'), autoGenerate: false }`,
    );
  }

  // ---- the config ---------------------------------------------------------------------------------------------

  const object = (all: string[]) => `{\n${all.map((it) => `  ${it},\n`).join('')}}`;
  let functions = new Set(['buildConfig']);
  const whole = object(members);
  let body: string;
  const home = path.posix.join(configDirectory, 'options.ts');
  switch (form) {
    case 'constant':
      body = `const config = buildConfig(${whole});\n\nexport default config;\n`;
      break;
    case 'options':
      payloadTypes.add('Config');
      body = `const options: Config = ${whole};\n\nexport default buildConfig(options);\n`;
      break;
    case 'options elsewhere':
      payloadTypes.add('Config');
      functions = new Set();
      body = `export const options: Config = ${whole};\n`;
      break;
    case 'factory':
      body = `const createConfig = () => buildConfig(${whole});\n\nexport default createConfig();\n`;
      break;
    case 'async function':
      body = `async function createConfig() {\n  return buildConfig(${whole.replaceAll('\n', '\n  ')});\n}\n\nexport default createConfig();\n`;
      break;
    case 'awaited':
      body = `export default await buildConfig(${whole});\n`;
      break;
    case 'satisfies':
      payloadTypes.add('Config');
      body = `export default buildConfig(${whole} satisfies Config);\n`;
      break;
    case 'spread of a base':
      payloadTypes.add('Config');
      statements += `const base: Partial<Config> = {\n  telemetry: false,\n  graphQL: { disable: true },\n};\n\n`;
      body = `export default buildConfig(${object(['...base', ...members.filter((it) => !/^(telemetry|graphQL)/.test(it))])});\n`;
      break;
    case 'promise by name':
      body = `const config = buildConfig(${whole});\n\nexport { config as default };\n`;
      break;
    default:
      body = `export default buildConfig(${whole});\n`;
  }
  const fromPayload = [...functions, ...[...payloadTypes].map((it) => `type ${it}`)].join(', ');
  const text = `${imports}${adapter.imports}import { ${fromPayload} } from 'payload';\n\n${statements}${body}`;
  if (form === 'options elsewhere') {
    files[home] = text;
    files[layout.config] =
      `import { buildConfig } from 'payload';\nimport { options } from './options';\n\nexport default buildConfig(options);\n`;
  } else files[layout.config] = text;
  for (const [file, content] of Object.entries(adapter.files))
    files[path.posix.join(configDirectory, file)] = content;

  // ---- what a person changes ----------------------------------------------------------------------------------

  const holder = form === 'options elsewhere' ? home : layout.config;
  const isHolder = (file: string) =>
    list === 'array' || list === 'barrel'
      ? file === index
      : file === holder || (list === 'named' && file === index);
  return {
    name: `collections by ${list}, config ${form}, plugins ${plugins}, ${types ? 'with' : 'without'} payload-types.ts`,
    hasPlugins: plugins !== 'absent' && plugins !== 'empty',
    files,
    added,
    change(file, before) {
      let out = before;
      const end = before.includes('\r\n') ? '\r\n' : '\n';
      const mark = before.includes("'") ? "'" : '"';
      const quoted = (it: string) => it.replaceAll("'", mark).replaceAll('\n', end);
      if (file === fileOf('Posts') || (list === 'inline' && file === holder)) {
        out = out.replace(/\{ name: ['"]author['"]/, (it) => quoted(`${RELATION}\n    `) + it);
      }
      if (list === 'inline' && file === holder)
        out = out.replace(
          /collections: \[/,
          (it) => it + quoted(`\n    ${COLLECTIONS.Tags!.replaceAll('\n', '\n    ')},`),
        );
      else if (isHolder(file)) {
        // Its import stands before that of the users, its name in every list before theirs.
        out = out
          .replace(
            /^(?:import|export)(?! type)\s+(?:\{ Users \}|Users) from .*$/m,
            (line) => `${line.replaceAll('Users', 'Tags')}${end}${line}`,
          )
          .replace(/Media, Users/g, 'Media, Tags, Users');
      }
      if (file === 'payload-types.ts') out = quoted(typesText(['posts', 'pages', 'media', 'tags', 'users']));
      return out;
    },
  };
}

function relativeTo(from: string, to: string): string {
  const relative = path.posix.relative(path.posix.dirname(from), to.replace(/\.ts$/, ''));
  return relative.startsWith('.') ? relative : `./${relative}`;
}

/** What `payload generate:types` writes, as far as it matters here. */
function typesText(slugs: string[]): string {
  const name = (slug: string) => slug[0]!.toUpperCase() + slug.slice(1);
  const own: Record<string, string> = {
    posts: `  title: string;\n  slug?: string | null;\n  author?: (number | null) | Users;\n  gallery?: { image?: (number | null) | Media; id?: string | null }[] | null;\n${
      slugs.includes('tags') ? '  tags?: (number | Tags)[] | null;\n' : ''
    }  _status?: ('draft' | 'published') | null;\n`,
    pages: '  title?: string | null;\n  parent?: (number | null) | Pages;\n  body?: string | null;\n',
    media:
      '  alt?: string | null;\n  url?: string | null;\n  thumbnailURL?: string | null;\n  filename?: string | null;\n  mimeType?: string | null;\n  filesize?: number | null;\n  width?: number | null;\n  height?: number | null;\n  focalX?: number | null;\n  focalY?: number | null;\n',
    tags: '  name?: string | null;\n',
    users: '  email: string;\n',
  };
  const document = (slug: string) =>
    `export interface ${name(slug)} {\n  id: number;\n${own[slug]}  updatedAt: string;\n  createdAt: string;\n}\n`;
  const auth = `export interface UserAuthOperations {
  forgotPassword: { email: string; password: string };
  login: { email: string; password: string };
  registerFirstUser: { email: string; password: string };
  unlock: { email: string; password: string };
}
`;
  return `/* eslint-disable */
export interface Config {
  auth: { users: UserAuthOperations };
  blocks: {};
  collections: {
${slugs.map((slug) => `    ${slug}: ${name(slug)};\n`).join('')}${['kv', 'locked-documents', 'preferences', 'migrations'].map((it) => `    'payload-${it}': PayloadOwn;\n`).join('')}  };
  collectionsJoins: {};
  collectionsSelect: {};
  db: { defaultIDType: number };
  globals: { header: Header };
  globalsSelect: {};
  locale: null;
  user: Users & { collection: 'users' };
  jobs: { tasks: unknown; workflows: unknown };
}
export interface PayloadOwn {
  id: number;
}
${auth}${slugs.map(document).join('')}export interface Header {
  id: number;
  page?: (number | null) | Pages;
  updatedAt?: string | null;
  createdAt?: string | null;
}
declare module 'payload' {
  export interface GeneratedTypes extends Config {}
}
`;
}
