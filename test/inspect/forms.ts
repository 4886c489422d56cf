/**
 * The forms that configs are written in: each folder of `forms` is a small project, what is to be read of it, and the
 * edit that wires the cache. Here they are placed, edited, type-checked and run.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createPatch } from 'diff';
import { build } from 'esbuild';
import { ts } from 'ts-morph';
import { PayloadKVError } from '../../src/errors.js';
import { inspectProject, type Project } from '../../src/inspect/project.js';
import type { FieldSchema } from '../../src/inspect/schema.js';
import { tsconfigs } from '../../src/inspect/tsconfig.js';
import { wireConfig } from '../../src/plan/config/config-edit.js';
import { generatedPaths } from '../../src/plan/generated-paths.js';
import type { TransformResult } from '../../src/plan/plan.js';
import { repository } from '../support/repository.js';

const FOLDER = path.join(import.meta.dirname, 'forms');
const PACKAGES = path.join(import.meta.dirname, 'packages');
const LINKED = ['payload', '@payloadcms/db-sqlite', '@payloadcms/db-postgres', '@types/node'];
const PACKAGE_JSON = '{ "name": "site", "type": "module", "dependencies": { "payload": "^3.90.0" } }\n';

/** How a form is placed and inspected, where its files alone do not tell. */
interface FormOptions {
  /** Directory that the command runs in. Default the form's. */
  cwd?: string;
  /** `--config`. */
  config?: string;
  /** Links to make: packages of a workspace, as a package manager links them. */
  links?: Record<string, string>;
  /** `false` where it runs only after a build, which is not made here. */
  runs?: boolean;
  lineEnds?: 'crlf' | 'mixed';
  byteOrderMark?: boolean;
}

/** A directory in which projects find Payload, its adapters, and the packages of `packages`. */
export interface Site {
  directory: string;
  remove(): void;
}

/** A form that was inspected and edited. */
export interface EditedForm {
  name: string;
  directory: string;
  /** Whether it can be type-checked and run as it lies there. */
  runs: boolean;
  /** Absent where inspection refuses. */
  project?: Project;
  /** The error of an inspection that refuses. */
  error?: PayloadKVError;
  edit?: TransformResult;
  /** The edited file, absolute. */
  file?: string;
}

/** The names of all forms. */
export function formNames(): string[] {
  return readdirSync(FOLDER).sort();
}

/** Path of a file that belongs to a form, such as its expected schema. */
export function formFile(name: string, file: string): string {
  return path.join(FOLDER, name, file);
}

/** Makes a directory for projects, with a `node_modules`. */
export function makeSite(): Site {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'payload-kv-forms-')));
  for (const name of LINKED) {
    const link = path.join(directory, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(repository, 'node_modules', name), link);
  }
  for (const file of readdirSync(PACKAGES, { recursive: true }) as string[]) {
    if (!file.endsWith('.ts')) continue;
    const name = file.slice(0, -'.ts'.length);
    const target = path.join(directory, 'node_modules', name);
    mkdirSync(target, { recursive: true });
    cpSync(path.join(PACKAGES, file), path.join(target, 'index.ts'));
    writeFileSync(
      path.join(target, 'package.json'),
      JSON.stringify({ name, type: 'module', exports: './index.ts' }),
    );
  }
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** A form as a project of its own. */
export interface PlacedForm {
  directory: string;
  /** Where a command runs. */
  cwd: string;
  /** `--config`, where the form asks for it. */
  config?: string;
  /** Whether it can be type-checked and run as it lies there. */
  runs: boolean;
}

/** Places a form in the site. */
export function placeForm(name: string, site: Site): PlacedForm {
  const optionsFile = formFile(name, 'form.json');
  const options: FormOptions = existsSync(optionsFile) ? JSON.parse(readFileSync(optionsFile, 'utf8')) : {};
  const directory = path.join(site.directory, name);
  cpSync(formFile(name, 'input'), directory, { recursive: true });
  const packageJson = path.join(directory, 'package.json');
  if (!existsSync(packageJson)) writeFileSync(packageJson, PACKAGE_JSON);
  for (const [link, target] of Object.entries(options.links ?? {})) {
    mkdirSync(path.dirname(path.join(directory, link)), { recursive: true });
    symlinkSync(path.join(directory, target), path.join(directory, link), 'dir');
  }
  restyle(directory, options);
  const { cwd = '.', config, runs = true } = options;
  return { directory, cwd: path.join(directory, cwd), ...(config ? { config } : {}), runs };
}

/** Places a form in the site, inspects it, and wires the cache into its config. */
export function editForm(name: string, site: Site): EditedForm {
  const { directory, cwd, config, runs } = placeForm(name, site);
  try {
    const project = inspectProject({ cwd, ...(config ? { config } : {}) });
    return { name, directory, runs, project, ...wire(project) };
  } catch (error) {
    if (error instanceof PayloadKVError) return { name, directory, runs, error };
    throw error;
  }
}

function restyle(directory: string, { lineEnds, byteOrderMark }: FormOptions): void {
  if (!lineEnds && !byteOrderMark) return;
  for (const file of readdirSync(directory, { recursive: true }) as string[]) {
    const absolute = path.join(directory, file);
    if (!statSync(absolute).isFile() || !/\.[jt]s$/.test(file)) continue;
    const text = readFileSync(absolute, 'utf8');
    let line = 0;
    const ended = lineEnds
      ? text.replaceAll('\n', () => (lineEnds === 'crlf' || line++ % 3 === 0 ? '\r\n' : '\n'))
      : text;
    writeFileSync(absolute, byteOrderMark ? `\uFEFF${ended}` : ended);
  }
}

/** Wires a project whose wrapper is a stand-in, which leaves a mark in the config where it ran. */
export function wire(project: Project): { edit: TransformResult; file: string } {
  const { configShape: shape, style, root } = project;
  const paths = generatedPaths(project);
  const withEnv = shape.cloudflareEnv !== undefined;
  const wrapper = path.join(root, paths.wrapper);
  mkdirSync(path.dirname(wrapper), { recursive: true });
  writeFileSync(wrapper, wrapperText(withEnv, /ts$/.test(wrapper)));
  const edit = wireConfig({ shape, style, paths, withEnv });
  const file = path.join(root, shape.config.path);
  if (edit.ok) writeFileSync(file, edit.content);
  return { edit, file };
}

/** The text with the lines of a refusal in it, pasted as a person is told to. */
export function pasteAsTold(
  text: string,
  { paste, instead, line }: Extract<TransformResult, { ok: false }>,
): string {
  const [, imports = '', lines = ''] =
    /^((?:(?:import\b|const \{[^}\n]*\} = require\()[^\n]*\n)+\n)?([\s\S]*)$/.exec(paste) ?? [];
  const body = instead === undefined ? addedToObject(text, lines, line) : replacedOnce(text, instead, lines);
  const source = ts.createSourceFile('config.ts', body, ts.ScriptTarget.Latest, true);
  const last = source.statements.filter(
    (each) => ts.isImportDeclaration(each) || /^const \{?[^=]*\}? = require\(/.test(each.getText()),
  );
  const at = last.at(-1)?.end ?? 0;
  return `${body.slice(0, at)}\n${imports}${body.slice(at)}`;
}

function replacedOnce(text: string, instead: string, lines: string): string {
  const [before, after, ...more] = text.split(instead);
  if (after === undefined || more.length > 0)
    throw new Error(`what is to be replaced stands there ${more.length} times:\n${instead}`);
  return before + lines + after;
}

/** `plugins: […],` where the object that begins in the line that is told ends. */
function addedToObject(text: string, lines: string, line: number | undefined): string {
  const source = ts.createSourceFile('config.ts', text, ts.ScriptTarget.Latest, true);
  let found: ts.ObjectLiteralExpression | undefined;
  const visit = (node: ts.Node): void => {
    const start = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    if (!found && ts.isObjectLiteralExpression(node) && start === line) found = node;
    else ts.forEachChild(node, visit);
  };
  visit(source);
  const last = found?.properties.at(-1);
  if (!last) throw new Error(`no object begins in line ${line} to take\n${lines}`);
  return `${text.slice(0, last.end)},\n${lines}${text.slice(last.end).replace(/^,/, '')}`;
}

function wrapperText(withEnv: boolean, typed: boolean): string {
  const marks = '(config) => ({ ...config, custom: { ...config.custom, cached: true } })';
  if (!typed) return `export const cache = ${withEnv ? '(_env) => ' : ''}${marks};\n`;
  return [
    `import type { Plugin } from 'payload';`,
    withEnv
      ? `export const cache = (_env: { PAYLOAD_CACHE: unknown }): Plugin => ${marks};`
      : `export const cache: Plugin = ${marks};`,
    '',
  ].join('\n');
}

// ---- what is expected ---------------------------------------------------------------------------------------------

const IMPLICIT = new Set(
  (
    'id createdAt updatedAt deletedAt _status _order email salt hash loginAttempts lockUntil resetPasswordToken ' +
    'resetPasswordExpiration resetPasswordRequestedAt url thumbnailURL filename mimeType filesize width height focalX focalY ' +
    'folder sessions'
  ).split(' '),
);

/** What was read of a project, for a person to compare: one line for each collection, global and open end. */
export function describeProject({ configChain, configShape, database, schema }: Project): string {
  const { unresolved, warnings, locales } = schema;
  const lines = [
    `config ${configChain.join(' > ')}`,
    `database ${database.kind}${database.idType ? ` (${database.idType})` : ''}${(database.alternatives ?? []).map(({ kind }) => ` ${kind}`).join('')}`,
    `plugins ${configShape.plugins.kind === 'array' ? `${configShape.plugins.via} in ${configShape.plugins.file.path}` : configShape.plugins.kind}`,
    ...(configShape.cloudflareEnv ? [`env ${configShape.cloudflareEnv.expression}`] : []),
    ...(locales.length > 0 ? [`locales ${locales.join(' ')}`] : []),
    ...schema.collections.map((collection) => `collection ${describeEntity(collection)}`),
    ...schema.globals.map((global) => `global ${describeEntity(global)}`),
    ...unresolved.map(
      ({ part, location, expression, reason }) =>
        `open ${part} at ${location.file}:${location.line} ${expression}: ${reason}`,
    ),
    ...warnings.map((warning) => `warning ${warning}`),
  ];
  return `${lines.join('\n')}\n`;
}

type Entity = Project['schema']['collections'][number] | Project['schema']['globals'][number];

function describeEntity(entity: Entity): string {
  const flags = ['auth' in entity && entity.auth && 'auth', 'upload' in entity && entity.upload && 'upload']
    .concat(entity.drafts === true ? 'drafts' : entity.versions === true && 'versions')
    .concat(entity.origin === 'types' && 'of the types')
    .filter(Boolean);
  const fields = entity.fields.filter(
    ({ path: at }) => !IMPLICIT.has(at) && !/^(?:sizes|sessions)\./.test(at),
  );
  const where = entity.location ? ` at ${entity.location.file}:${entity.location.line}` : '';
  return [
    `${entity.slug}${flags.length > 0 ? ` (${flags.join(', ')})` : ''}${where}`,
    ...fields.map((field) => `  ${describeField(field)}`),
  ].join('\n');
}

function describeField(field: FieldSchema): string {
  const marks = (['unique', 'index', 'localized', 'hasMany'] as const).filter((mark) => field[mark]);
  const target = field.relationTo ? ` to ${field.relationTo.join(', ') || '?'}` : '';
  return `${field.path} ${field.type}${target}${marks.map((mark) => ` ${mark}`).join('')}`;
}

/** An edit as a diff whose line ends can be seen, or the refusal with what to paste. */
export function describeEdit({ project, edit }: EditedForm): string {
  const { text, path: file } = project!.configShape.config;
  if (!edit!.ok) {
    const { reason, line, paste, instead } = edit as Extract<TransformResult, { ok: false }>;
    const replaced = instead === undefined ? '' : `${instead}\n---- instead:\n`;
    return `refused at ${file}:${line}\n${reason}\n\n${replaced}${paste}\n`;
  }
  const lines = createPatch(file, text, edit!.content, undefined, undefined, { context: 1 })
    .split('\n')
    .slice(4);
  return `${file}\n${lines.join('\n').replaceAll('\r', '␍').replaceAll('\uFEFF', '␟')}`;
}

// ---- the compiler -------------------------------------------------------------------------------------------------

/** Type-checks files of several projects at once, strictly, each by its own tsconfig; messages by file. */
export function typeErrors(files: string[]): Map<string, string[]> {
  const configs = tsconfigs('/');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowJs: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ['node'],
    typeRoots: [path.join(repository, 'node_modules/@types')],
  };
  const host = ts.createCompilerHost(options);
  // ts-morph brings a compiler without the files of the language.
  const libraries = path.join(
    repository,
    `node_modules/@typescript/typescript-${process.platform}-${process.arch}/lib`,
  );
  host.getDefaultLibLocation = () => libraries;
  host.getDefaultLibFileName = (of) => path.join(libraries, ts.getDefaultLibFileName(of));
  const caches = new Map<string, ts.ModuleResolutionCache>();
  host.resolveModuleNameLiterals = (literals, from) => {
    const { options: own, configPath = '' } = configs.optionsFor(path.dirname(from));
    const known = caches.get(configPath);
    const cache = known ?? ts.createModuleResolutionCache(repository, (name) => name, own);
    if (!known) caches.set(configPath, cache);
    return literals.map(({ text }) => ts.resolveModuleName(text, from, own, host, cache));
  };
  const program = ts.createProgram(files, options, host);
  return new Map(
    files.map((file) => {
      const source = program.getSourceFile(file);
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return [file, found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))];
    }),
  );
}

// ---- running ------------------------------------------------------------------------------------------------------

/** Bundles configs, each by its own tsconfig, into files that Node can import; paths by name. */
export async function bundleConfigs(
  entries: Record<string, string>,
  site: Site,
): Promise<Record<string, string>> {
  const outdir = path.join(site.directory, 'bundled');
  const configs = tsconfigs('/');
  await build({
    entryPoints: Object.entries(entries).map(([out, file]) => ({ in: file, out })),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    tsconfigRaw: {},
    // `require` of a CommonJS config is Node's affair.
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
    },
    plugins: [
      {
        name: 'by the tsconfig of each project',
        setup({ onResolve }) {
          onResolve({ filter: /^[^./]/ }, ({ path: specifier, importer }) => {
            if (LINKED.includes(specifier)) return { external: true };
            const { options } = configs.optionsFor(path.dirname(importer));
            if (!options.paths && !options.baseUrl) return undefined;
            const { resolvedModule } = ts.resolveModuleName(specifier, importer, options, ts.sys);
            return resolvedModule ? { path: resolvedModule.resolvedFileName } : undefined;
          });
        },
      },
    ],
  });
  return Object.fromEntries(Object.keys(entries).map((name) => [name, path.join(outdir, `${name}.mjs`)]));
}
