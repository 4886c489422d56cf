/**
 * What statements do to the lists and objects of a config after they are made: it is followed, or said not to be known.
 * In no case is what was written first taken for certain.
 */
import { expect, test } from 'vitest';
import { inspected } from './written.js';

const P = "{ slug: 'posts', fields: [] }";
const G = "{ slug: 'pages', fields: [] }";
const HEAD = "import { buildConfig } from 'payload';\n";
const LIST = 'export default buildConfig({ collections: cols });\n';
const CONFIG = 'export default buildConfig(config);\n';

/** The project's own slugs, what could not be read, and why nothing is edited. */
function read(text: string, files: Record<string, string> = {}) {
  const { schema, configShape } = inspected({ 'payload.config.ts': HEAD + text, ...files });
  return {
    slugs: schema.collections.filter(({ location }) => location).map(({ slug }) => slug),
    open: schema.unresolved.map(({ part, location }) => `${part} ${location.file}:${location.line}`),
    uncertain: configShape.uncertain,
  };
}

test.each([
  ['push', `const cols: any[] = [${G}];\ncols.push(${P});\n${LIST}`],
  ['unshift', `const cols: any[] = [${G}];\ncols.unshift(${P});\n${LIST}`],
  ['an element behind the last', `const cols: any[] = [${G}];\ncols[1] = ${P};\n${LIST}`],
  ['an element at the length', `const cols: any[] = [${G}];\ncols[cols.length] = ${P};\n${LIST}`],
  ['forEach with a push', `const cols: any[] = [${G}];\n[${P}].forEach((c) => cols.push(c));\n${LIST}`],
  ['for … of with a push', `const cols: any[] = [${G}];\nfor (const c of [${P}]) cols.push(c);\n${LIST}`],
  ['an alias', `const cols: any[] = [${G}];\nconst again = cols;\nagain.push(${P});\n${LIST}`],
  [
    'an alias by a pattern',
    `const c: any = { cols: [${G}] };\nconst { cols } = c;\nc.cols.push(${P});\n${LIST}`,
  ],
  ['an alias in an object', `const cols: any[] = [${G}];\nconst o = { cols };\no.cols.push(${P});\n${LIST}`],
  [
    'a function',
    `function add(a: any[]) { a.push(${P}); }\nconst cols: any[] = [${G}];\nadd(cols);\n${LIST}`,
  ],
  ['a closure', `const cols: any[] = [${G}];\nconst add = (c: any) => cols.push(c);\nadd(${P});\n${LIST}`],
  ['a push whose result is kept', `const cols: any[] = [${G}];\nconst size = cols.push(${P});\n${LIST}`],
  [
    'a function that keeps what it makes',
    `const cols: any[] = [${G}];\nconst add = (c: any) => { cols.push(c); return c; };\nconst Posts = add(${P});\n${LIST}`,
  ],
  [
    'a function given the config',
    `const add = (c: any) => { c.collections.push(${P}); };\nconst config: any = { collections: [${G}] };\nadd(config);\n${CONFIG}`,
  ],
  [
    'a property of a property',
    `const config: any = { collections: [${G}] };\nconfig['collections'].push(${P});\n${CONFIG}`,
  ],
  [
    'an assignment within an expression',
    `const config: any = { collections: [${G}] };\nconst { collections } = ((config.collections = [${G}, ${P}]), config);\n${CONFIG}`,
  ],
  [
    'Object.defineProperty',
    `const config: any = { collections: [] };\nObject.defineProperty(config, 'collections', { value: [${G}, ${P}] });\n${CONFIG}`,
  ],
  ['finally', `const cols: any[] = [${G}];\ntry { console.log('x'); } finally { cols.push(${P}); }\n${LIST}`],
])('%s is followed', (_, text) => {
  expect(read(text).slugs).toEqual(['pages', 'posts']);
});

test.each([
  [
    'a function of another file',
    `import { add } from './add';\nconst config: any = { collections: [${G}] };\nadd(config);\n${CONFIG}`,
    `export function add(c: any) { c.collections.push(${P}); }\n`,
  ],
  [
    'a list that another file fills',
    `import { cols } from './add';\nimport './fill';\n${LIST}`,
    `export const cols: any[] = [${G}];\n`,
  ],
  [
    'a register of another file',
    `import { cols, add } from './add';\nadd(${P});\n${LIST}`,
    `export const cols: any[] = [${G}];\nexport const add = (c: any) => cols.push(c);\n`,
  ],
])('%s is followed', (_, text, add) => {
  const fill = `import { cols } from './add';\ncols.push(${P});\n`;
  expect(read(text, { 'add.ts': add, 'fill.ts': fill }).slugs).toEqual(['pages', 'posts']);
});

test('a slug that is set on an imported collection is the slug', () => {
  const files = { 'posts.ts': `export const Posts: any = ${P};\n` };
  const text = `import { Posts } from './posts';\nPosts.slug = 'articles';\nexport default buildConfig({ collections: [Posts] });\n`;
  expect(read(text, files).slugs).toEqual(['articles']);
  const index = { ...files, 'index.ts': "import { Posts } from './posts';\nexport const cols = [Posts];\n" };
  const renamed = `import { Posts } from './posts';\nimport { cols } from './index';\nPosts.slug = 'articles';\n${LIST}`;
  expect(read(renamed, index).slugs).toEqual(['articles']);
});

test.each([
  ['splice', 'cols.splice(0, 1);'],
  ['shift', 'cols.shift();'],
  ['pop', 'cols.pop();'],
  ['pop whose result is kept', 'const last = cols.pop();'],
  ['pop in a function', 'function less(a: any[]) { a.pop(); }\nless(cols);'],
  ['a length', 'cols.length = 0;'],
  ['a length counted down', 'cols.length--;'],
  ['delete', 'delete cols[0];'],
  ['push by its name in brackets', `cols['push'](${P});`],
  ['push by apply', `cols.push.apply(cols, [${P}]);`],
  ['push by Array.prototype', `Array.prototype.push.apply(cols, [${P}]);`],
  ['push bound', `const add = cols.push.bind(cols);\nadd(${P});`],
  ['Reflect', `Reflect.set(cols, 1, ${P});`],
  ['a function of a package', 'extend(cols);'],
  ['a function of a package, awaited', 'await extend(cols);'],
  ['a function of a package, given a part', 'extend({ more: [cols] });'],
  ['a function of a package, given an alias', 'const again = cols;\nextend(again);'],
  ['a function of a package, given a callback', `extend([${P}], (c: any) => { cols.push(c); });`],
  ['a class', 'new Registry(cols);'],
  ['a loop', `for (let i = 0; i < 1; i++) cols.push(${P});`],
  ['a loop in a function', `function add() { while (true) { cols.push(${P}); break; } }\nadd();`],
  ['an element at an index that is not known', `cols[Number(process.env.AT)] = ${P};`],
])('what %s makes of a list is said not to be known', (_, statement) => {
  const text = `import { extend, Registry } from 'elsewhere';\nconst cols: any[] = [${G}, { slug: 'media', fields: [] }];\n${statement}\n${LIST}`;
  expect(read(text).open.join()).toMatch(/^collections/);
});

test.each([
  ['a function of a package', 'extend(config);'],
  ['a function of a package in a condition', 'if (process.env.MORE) extend(config);'],
  ['a property of a computed name', 'delete config[process.env.NAME as string];'],
  ['its collections handed on', 'extend(config.collections);'],
])(
  'what %s makes of the config is said not to be known, and nothing is edited where it may be lost',
  (name, statement) => {
    const text = `import { extend } from 'elsewhere';\nconst config: any = { collections: [${G}], plugins: [] };\n${statement}\n${CONFIG}`;
    const { open, uncertain } = read(text);
    expect(open.join()).toMatch(/^(?:config|collections)/);
    if (!name.startsWith('its')) expect(uncertain).toContain('not followed');
  },
);

test.each([
  ['console.log', 'console.log(cols, config);'],
  ['JSON.stringify', 'JSON.stringify(config);'],
  ['Object.freeze', 'Object.freeze(config);'],
  ['a package that is given other things', 'extend({ path: process.cwd() });'],
  ['a check that throws', "if (!process.env.SECRET) throw new Error('no secret');"],
  ['an assignment to the environment', "process.env.TZ = 'UTC';"],
  ['reading', 'for (const c of cols) console.log(c.slug);'],
  ['a loop over other things', 'for (let i = 0; i < 3; i++) console.log(i);'],
])('%s changes nothing', (_, statement) => {
  const text = `import { extend } from 'elsewhere';\nconst cols: any[] = [${G}];\nconst config: any = { collections: cols, plugins: [] };\n${statement}\n${CONFIG}`;
  expect(read(text)).toEqual({ slugs: ['pages'], open: [], uncertain: undefined });
});

test('each statement sees what stands above it', () => {
  expect(read(`const a: any[] = [${G}];\nconst cols = [...a];\na.push(${P});\n${LIST}`).slugs).toEqual([
    'pages',
  ]);
  const later = `let config: any = { collections: [${G}] };\nconst out = buildConfig(config);\nconfig = { collections: [${P}] };\nexport default out;\n`;
  expect(read(later).slugs).toEqual(['pages']);
});

test.each([
  [
    'plugins are removed',
    `const config: any = { collections: [${G}], plugins: [] };\ndelete config.plugins;`,
  ],
  [
    'plugins that are not there are removed',
    `const config: any = { collections: [${G}] };\ndelete config.plugins;`,
  ],
  [
    'plugins lose their last',
    `const plugins: any[] = [];\nplugins.pop();\nconst config: any = { collections: [${G}], plugins };`,
  ],
])('nothing is edited where %s later', (_, text) => {
  expect(read(`${text}\n${CONFIG}`).uncertain).toContain('not followed');
});

test('a structured clone is read, and is no place for an edit', () => {
  const { schema, configShape } = inspected({
    'payload.config.ts': `${HEAD}const config: any = { collections: [${G}] };\nexport default buildConfig(structuredClone(config));\n`,
  });
  expect(schema.collections.some(({ slug }) => slug === 'pages')).toBe(true);
  expect(configShape.object).toBeUndefined();
  expect(configShape.objectMissing).toContain('structuredClone');
});
