import { describe, expect, test } from 'vitest';
import type { FileShape, PluginsShape, Span } from '../../src/inspect/config-shape/shape.js';
import { inspectProject } from '../../src/inspect/project.js';
import { inspected, PAYLOAD_3, written } from './written.js';

function cut(file: FileShape, span: Span): string {
  return file.text.slice(span.start, span.end);
}

function shapeOf(text: string, files: Record<string, string> = {}) {
  return inspected({ 'src/payload.config.ts': text, ...files }).configShape;
}

function body(properties: string, above = ''): string {
  return `import { buildConfig } from 'payload'\n${above}\nexport default buildConfig({\n  collections: [{ slug: 'posts', fields: [] }],\n${properties}\n})\n`;
}

function arrayOf(plugins: PluginsShape) {
  if (plugins.kind !== 'array') throw new Error(`plugins is ${plugins.kind}`);
  return plugins;
}

describe('the config object', () => {
  test('is located with its properties', () => {
    const { config, object, objectLocation } = shapeOf(body('  debug: true,\n  "secret": \'x\','));
    expect(config.path).toBe('src/payload.config.ts');
    expect(cut(config, object!)).toMatch(/^\{\n {2}collections[\s\S]*\n\}$/);
    expect(object).toMatchObject({
      size: 3,
      trailingComma: true,
      multiLine: true,
      propertyIndent: '  ',
      spreads: [],
    });
    expect(object!.properties.map(({ name }) => name)).toEqual(['collections', 'debug', 'secret']);
    expect(object!.properties.map((property) => cut(config, property))[1]).toBe('debug: true');
    expect(objectLocation).toEqual({ file: 'src/payload.config.ts', line: 3 });
  });

  test('may be on one line, without a trailing comma', () => {
    const { object } = shapeOf(`export default { collections: [{ slug: 'posts', fields: [] }] }`);
    expect(object).toMatchObject({
      size: 1,
      trailingComma: false,
      multiLine: false,
      propertyIndent: undefined,
    });
  });

  test('keeps its positions with a byte order mark, CRLF and tabs', () => {
    const text = `\uFEFF${body('\tplugins: [\n\t\tone(),\n\t],', `import { one } from 'one'`)}`.replaceAll(
      '\n',
      '\r\n',
    );
    const { config, object, plugins } = shapeOf(text);
    expect(config.text).toBe(text);
    expect(cut(config, object!).startsWith('{')).toBe(true);
    expect(cut(config, arrayOf(plugins).array)).toBe('[\r\n\t\tone(),\r\n\t]');
    expect(arrayOf(plugins).array.elementIndent).toBe('\t\t');
  });

  test('in another file is located there', () => {
    const { configShape, configChain } = inspected({
      'payload.config.ts': `export { default } from './src/cms'`,
      'src/cms.ts': body('  plugins: [],'),
    });
    expect(configChain).toEqual(['payload.config.ts', 'src/cms.ts']);
    expect(configShape.config.path).toBe('src/cms.ts');
    expect(cut(configShape.config, arrayOf(configShape.plugins).array)).toBe('[]');
  });

  test('in a factory is located in the factory', () => {
    const { configShape, configChain } = inspected({
      'payload.config.ts': `import { make } from './factory'\nexport default make({ collections: [{ slug: 'posts', fields: [] }] })`,
      'factory.ts': `import { buildConfig } from 'payload'\nexport const make = (own) => buildConfig({ ...own, plugins: [...(own.plugins ?? [])] })`,
    });
    expect(configChain).toEqual(['payload.config.ts', 'factory.ts']);
    expect(configShape.config.path).toBe('factory.ts');
    expect(configShape.object!.spreads).toMatchObject([
      { text: '...own', afterPlugins: false, hasPlugins: false },
    ]);
    expect(arrayOf(configShape.plugins).array.elements).toMatchObject([
      { spread: true, text: '...(own.plugins ?? [])' },
    ]);
  });

  test('that is computed is missing, with the reason', () => {
    const shape = shapeOf(
      `export default Object.fromEntries([['collections', [{ slug: 'posts', fields: [] }]]])`,
    );
    expect(shape.object).toBeUndefined();
    expect(shape.objectMissing).toMatch(/^the config object is the result of Object\.fromEntries\(/);
    expect(shape.plugins).toEqual({ kind: 'absent' });
  });
});

describe('spreads in the config', () => {
  test.each([
    ['...base, plugins: []', false, true],
    ['plugins: [], ...base', true, true],
    ['plugins: [], ...other', true, false],
    ['plugins: [], ...foreign', true, 'unknown'],
    ['plugins: [], ...(process.env.X ? base : other)', true, true],
    ['plugins: [], ...(process.env.X && foreign)', true, 'unknown'],
  ])('%s', (properties, afterPlugins, hasPlugins) => {
    const { object } = shapeOf(
      body(
        properties,
        `import { foreign } from 'foreign'\nconst base = { plugins: [] }\nconst other = { debug: true }`,
      ),
    );
    expect(object!.spreads).toMatchObject([{ afterPlugins, hasPlugins, location: { line: 7 } }]);
  });
});

describe('plugins', () => {
  test('absent', () => {
    expect(shapeOf(body('')).plugins).toEqual({ kind: 'absent' });
  });

  test.each([
    ['plugins: []', [], false, false],
    ['plugins: [one()]', ['one()'], false, false],
    ['plugins: [\n    one(), // first\n    ...two,\n  ],', ['one()', '...two'], true, true],
    ['plugins: [one(), two] as Plugin[]', ['one()', 'two'], false, false],
    ['plugins: ([one()] satisfies Plugin[])!', ['one()'], false, false],
  ])('in place: %s', (properties, elements, trailingComma, multiLine) => {
    const { config, plugins } = shapeOf(body(`  ${properties}`, `import { one, two } from 'plugins'`));
    const { array, ...rest } = arrayOf(plugins);
    expect(rest).toMatchObject({ via: 'literal', file: config, modifiedLater: false });
    expect(array.elements.map((element) => cut(config, element))).toEqual(elements);
    expect(array).toMatchObject({ trailingComma, multiLine });
    expect(cut(config, rest.property)).toMatch(/^plugins: /);
  });

  test('behind a constant of the file', () => {
    const { config, plugins } = shapeOf(body('  plugins,', `const plugins: Plugin[] = [one()]`));
    expect(arrayOf(plugins)).toMatchObject({ via: 'identifier', file: config, modifiedLater: false });
    expect(cut(config, arrayOf(plugins).array)).toBe('[one()]');
    expect(cut(config, arrayOf(plugins).property)).toBe('plugins');
  });

  test('in another file, through a barrel', () => {
    const { plugins } = shapeOf(body('  plugins: all,', `import { plugins as all } from './plugins'`), {
      'src/plugins/index.ts': `export { default as plugins } from './list'`,
      'src/plugins/list.ts': `import { one } from 'one'\n\nconst list = [\n  one(),\n]\nexport default list`,
    });
    const { via, file, array, location } = arrayOf(plugins);
    expect({ via, path: file.path, location }).toEqual({
      via: 'identifier',
      path: 'src/plugins/list.ts',
      location: { file: 'src/plugins/list.ts', line: 3 },
    });
    expect(cut(file, array)).toBe('[\n  one(),\n]');
    expect(file.text.slice(0, file.importInsertion)).toBe(`import { one } from 'one'`);
  });

  test.each([
    ['a push', 'plugins', 'const plugins = [one()]\nif (process.env.S3) plugins.push(two())'],
    ['filter(Boolean)', 'plugins: [one(), process.env.S3 && two()].filter(Boolean)', ''],
    ['concat', 'plugins: list.concat(more)', 'const list = [one()]'],
  ])('followed by %s', (_, property, above) => {
    const { config, plugins } = shapeOf(body(`  ${property},`, above));
    expect(arrayOf(plugins).modifiedLater).toBe(true);
    expect(cut(config, arrayOf(plugins).array)).toMatch(/^\[one\(\)/);
  });

  test.each([
    ['plugins: process.env.X ? [a] : []', 'plugins is chosen by a condition'],
    ['plugins: make()', 'plugins is the result of a call, make()'],
    ['plugins: (() => [a])()', 'plugins is the result of a call, (() => [a])()'],
    ['plugins: imported', 'plugins is imported, which leads to no array literal in the project'],
    ['plugins: shop.plugins', 'plugins is no array literal, but shop.plugins'],
    ['plugins() { return [] }', 'plugins is a method or a getter of the config'],
    ['get plugins() { return [] }', 'plugins is a method or a getter of the config'],
    [
      'plugins: [a].filter((plugin) => plugin)',
      'plugins is the result of a call, [a].filter((plugin) => plugin)',
    ],
  ])('that cannot be spliced: %s', (properties, reason) => {
    const { plugins } = shapeOf(body(`  ${properties},`, `import { imported } from 'elsewhere'`));
    expect(plugins).toMatchObject({
      kind: 'other',
      reason,
      location: { file: 'src/payload.config.ts', line: 5 },
    });
  });
});

describe('imports', () => {
  test('are listed with what they bind and where they lead', () => {
    const { config } = shapeOf(
      `import a, { b as c, type D } from './there'\nimport type { E } from 'payload'\nimport * as f from "f"\nimport './side'\nconst { g, h: [i] } = x\nfunction j() {}\nexport default { collections: [{ slug: 'posts', fields: [] }] }`,
      { 'src/there.ts': '', 'src/side.ts': '' },
    );
    expect(config.imports.map(({ start: _, end: __, ...rest }) => rest)).toEqual([
      { specifier: './there', typeOnly: false, names: ['a', 'c', 'D'], resolved: 'src/there.ts' },
      { specifier: 'payload', typeOnly: true, names: ['E'] },
      { specifier: 'f', typeOnly: false, names: ['f'] },
      { specifier: './side', typeOnly: false, names: [], resolved: 'src/side.ts' },
    ]);
    expect(config.text.slice(0, config.importInsertion).endsWith(`import './side'`)).toBe(true);
    expect(config.topLevelNames).toEqual(['a', 'c', 'D', 'E', 'f', 'g', 'i', 'j']);
  });

  test.each([
    [`export default {`, ''],
    [`'use server'\nexport default {`, `'use server'`],
    [`#!/usr/bin/env node\nexport default {`, '#!/usr/bin/env node'],
    [`// The config of the site.\n\nexport default {`, '// The config of the site.'],
    [`// About this statement.\nexport default {`, ''],
  ])('go after what must stay first where there are none: %j', (start, before) => {
    const { config } = shapeOf(`${start} collections: [{ slug: 'posts', fields: [] }] }`);
    expect(config.text.slice(0, config.importInsertion)).toBe(before);
  });
});

describe('a Cloudflare env that is in scope', () => {
  test.each([
    [
      'a constant of the file',
      `const cloudflare = await getCloudflareContext({ async: true })`,
      'db: sqliteD1Adapter({ binding: cloudflare.env.D1 }), storage: r2({ bucket: cloudflare.env.R2 })',
      {
        expression: 'cloudflare.env',
        topLevel: true,
        bindings: ['D1', 'R2'],
        location: { file: 'src/payload.config.ts', line: 2 },
      },
    ],
    [
      'a destructured one',
      `const { env } = await getCloudflareContext({ async: true })`,
      'db: sqliteD1Adapter({ binding: env.D1 })',
      { expression: 'env', topLevel: true, bindings: ['D1'] },
    ],
    [
      'an imported one',
      `import { cloudflare } from './cloudflare'`,
      'db: sqliteD1Adapter({ binding: cloudflare.env.DB! })',
      { expression: 'cloudflare.env', topLevel: true, bindings: ['DB'] },
    ],
    [
      'one that nothing is read from yet',
      `const cloudflare = await getCloudflareContext({ async: true })`,
      'debug: true',
      { expression: 'cloudflare.env', topLevel: true, bindings: [] },
    ],
  ])('%s', (_, above, properties, expected) => {
    expect(shapeOf(body(`  ${properties},`, above)).cloudflareEnv).toMatchObject(expected);
  });

  test('a parameter of the function around the config', () => {
    const { cloudflareEnv } = shapeOf(
      `import { buildConfig } from 'payload'\nconst make = (env) =>\n  buildConfig({ collections: [{ slug: 'posts', fields: [] }], db: d1({ binding: env.D1 }) })\nexport default make({})`,
    );
    expect(cloudflareEnv).toMatchObject({
      expression: 'env',
      topLevel: false,
      bindings: ['D1'],
      location: { line: 2 },
    });
  });

  test.each([
    ['the environment of the process', `const env = process.env`, 'db: x({ url: env.DATABASE_URL })'],
    [
      'a validated environment of the process',
      `import { env } from './env'`,
      'db: x({ url: env.DATABASE_URL, binding: process.env.D1 })',
    ],
    ['process.env itself', '', 'db: x({ url: process.env.DATABASE_URL })'],
    ['one awaited in place', '', 'db: x({ binding: (await getCloudflareContext({ async: true })).env.D1 })'],
    ['one of a closure inside', '', 'db: x(async () => { const { env } = await context(); return env.D1 })'],
    ['one that is not declared', '', 'db: x({ binding: cloudflare.env.D1 })'],
  ])('is not taken to be %s', (_, above, properties) => {
    expect(shapeOf(body(`  ${properties},`, above)).cloudflareEnv).toBeUndefined();
  });

  test('is none when it is declared below the config', () => {
    expect(
      shapeOf(`${body('  db: x({ binding: cloudflare.env.D1 }),')}\nconst cloudflare = {}`).cloudflareEnv,
    ).toBeUndefined();
  });
});

describe('an earlier init', () => {
  const wrapper = {
    'src/payload-kv/index.ts': `import { payloadKV } from 'payload-kv'\nexport const cache = (env) => payloadKV({ store: env })`,
  };

  test('is recognised by its import and its element, which counts as no foreign plugin', () => {
    const { configShape, schema } = inspected({
      'src/payload.config.ts': body(
        '  plugins: [one(), cache({})],',
        `import { one } from 'one'\nimport { cache } from './payload-kv/index.js'`,
      ),
      ...wrapper,
    });
    expect(configShape.wired).toMatchObject({
      import: { names: ['cache'], file: 'src/payload.config.ts', resolved: 'src/payload-kv/index.ts' },
      elements: 1,
      elementLocation: { file: 'src/payload.config.ts', line: 6 },
    });
    expect(schema.unresolved.map(({ expression }) => expression)).toEqual(['one()']);
  });

  test('is recognised in the file that holds the list, and where it stands twice', () => {
    const { wired } = shapeOf(body('  plugins,', `import { plugins } from './plugins'`), {
      ...wrapper,
      'src/plugins.ts': `import { cache as withCache } from '@/payload-kv'\nexport const plugins = [withCache({}), withCache]`,
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }',
    });
    expect(wired).toMatchObject({ import: { file: 'src/plugins.ts', names: ['withCache'] }, elements: 2 });
  });

  test('half done is told apart: an import without an element', () => {
    const { wired } = shapeOf(
      body('  plugins: [cached()],', `import { cache } from './payload-kv/index'`),
      wrapper,
    );
    expect(wired).toMatchObject({ import: { names: ['cache'] }, elements: 0 });
  });

  test('is not confused with packages of similar names', () => {
    const { wired } = shapeOf(
      body(
        '  plugins: [cache()],',
        `import { cache } from 'payload-kv-cloudflare'\nimport type { X } from 'payload-kv'`,
      ),
    );
    expect(wired).toEqual({ elements: 0 });
  });
});

test('a cache wired by hand is known where the config object is in another package', () => {
  const config = (body: string) => `import { buildConfig } from 'payload'
import { cmsConfig } from '../../../packages/cms/index'
${body}`;
  const shapeWith = (text: string) =>
    inspectProject({
      cwd: `${written({
        'apps/site/package.json': PAYLOAD_3,
        'apps/site/src/payload.config.ts': text,
        'apps/site/src/payload-kv/index.ts': 'export const cache = (config: any) => config',
        'packages/cms/package.json': '{}',
        'packages/cms/index.ts': `export const cmsConfig = (more = []) => ({ collections: [{ slug: 'posts', fields: [] }], plugins: [...more] })`,
      })}/apps/site`,
    }).configShape;

  const before = shapeWith(config('export default buildConfig(cmsConfig())'));
  expect(before).toMatchObject({
    config: { path: 'src/payload.config.ts' },
    objectMissing: expect.stringContaining('../../packages/cms/index.ts'),
    foreign: { argument: 'cmsConfig()', line: 3 },
    wired: { elements: 0 },
  });

  const importing = `import { cache } from './payload-kv/index'\n`;
  const handedOver = shapeWith(config(`${importing}export default buildConfig(cmsConfig([cache]))`));
  expect(handedOver.wired).toMatchObject({ elements: 1, import: { file: 'src/payload.config.ts' } });
  expect(shapeWith(config(`${importing}export default buildConfig(cmsConfig())`)).wired.elements).toBe(0);

  const around = 'const config = cmsConfig()\nexport default buildConfig({ ...config, plugins: [cache] })';
  const wrapped = shapeWith(config(`${importing}${around}`));
  expect(wrapped.wired.elements).toBe(1);
  expect(wrapped.foreign).toBeUndefined();
});
