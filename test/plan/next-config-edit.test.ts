import { expect, test } from 'vitest';
import { USUAL_STYLE as style } from '../../src/inspect/code-style.js';
import { addCacheHandler } from '../../src/plan/config/next-config-edit.js';

const edit = (text: string, path = 'next.config.ts', isModule = true) =>
  addCacheHandler(text, path, { isModule, style });
const IMPORT = "import { createRequire } from 'node:module';";
const HANDLER = "cacheHandler: createRequire(import.meta.url).resolve('payload-kv/next/cache-handler')";

/** Payload's template, and what it becomes. */
const TEMPLATE = `import { withPayload } from '@payloadcms/next/withPayload'

/** @type {import('next').NextConfig} */
const nextConfig = {
  // Your Next.js config here
  webpack: (config) => {
    return config
  },
}

export default withPayload(nextConfig, { devBundleServerPackages: false })
`;

test('one import and one member are put in, in the hand of the file', () => {
  const result = edit(TEMPLATE, 'next.config.mjs');
  expect(result).toEqual({
    ok: true,
    modified: true,
    content: TEMPLATE.replace("withPayload'\n", `withPayload'\n${IMPORT.slice(0, -1)}\n`).replace(
      '    return config\n  },\n',
      `    return config\n  },\n  ${HANDLER},\n`,
    ),
  });
  const again = result.ok && edit(result.content, 'next.config.mjs');
  expect(again).toEqual({ ok: true, modified: false, content: result.ok && result.content });
});

test.each<[form: string, text: string, expected: string]>([
  ['an object', 'export default {};\n', `${IMPORT}\n\nexport default {\n  ${HANDLER},\n};\n`],
  [
    'a cast',
    'export default { a: 1 } satisfies NextConfig;',
    `${IMPORT}\n\nexport default { a: 1, ${HANDLER} } satisfies NextConfig;`,
  ],
  [
    'several functions',
    'const base = { a: 1 };\nconst config = withBundleAnalyzer({})(base);\nexport default withPayload(config);',
    `${IMPORT}\n\nconst base = { a: 1, ${HANDLER} };\nconst config = withBundleAnalyzer({})(base);\nexport default withPayload(config);`,
  ],
  [
    'a comment for the compiler',
    '// @ts-check\nexport default { a: 1 };',
    `// @ts-check\n${IMPORT}\n\nexport default { a: 1, ${HANDLER} };`,
  ],
  [
    'an import of it already',
    `${IMPORT}\nexport default { a: 1 };`,
    `${IMPORT}\nexport default { a: 1, ${HANDLER} };`,
  ],
])('%s', (_form, text, expected) => {
  expect(edit(text)).toEqual({ ok: true, modified: true, content: expected });
});

test('CommonJS resolves by itself, CRLF and double quotes stay', () => {
  const text =
    'const { withPayload } = require("@payloadcms/next/withPayload");\r\nmodule.exports = withPayload({\r\n\treactStrictMode: true,\r\n});\r\n';
  expect(edit(text, 'next.config.js', false)).toEqual({
    ok: true,
    modified: true,
    content: text.replace(
      'true,\r\n',
      'true,\r\n\tcacheHandler: require.resolve("payload-kv/next/cache-handler"),\r\n',
    ),
  });
});

test("what has 'use cache' gets a handler for that too", () => {
  const result = edit('export default {\n  cacheComponents: true,\n};\n');
  expect(result.ok && result.content).toContain(
    "  cacheHandlers: { default: createRequire(import.meta.url).resolve('payload-kv/next/use-cache-handler') },\n",
  );
});

test.each<[what: string, text: string, line: number | undefined]>([
  ['a handler of its own', "export default {\n  cacheHandler: require.resolve('./mine.js'),\n};", 2],
  ['a function', 'export default async (phase) => ({ a: phase });', undefined],
  ['something from elsewhere', "import config from './other.js';\nexport default config;", undefined],
  ['nothing', 'const config = {};', undefined],
  ['itself', 'const config = withPayload(config);\nexport default config;', undefined],
  ['what is set later', 'const config = {};\nconfig.cacheHandler = mine;\nexport default config;', 2],
  ['what is spread in', 'const mine = { cacheHandler: own };\nexport default { ...mine };', 1],
  [
    'a variable that becomes another',
    'let config = {};\nconfig = { a: 1 };\nexport default config;',
    undefined,
  ],
  ['what two exports make', 'module.exports = {};\nmodule.exports = { a: 1 };', undefined],
  ['options of an unknown function', "export default siteConfig({ name: 'x' });", undefined],
  ['a createRequire of its own', 'const createRequire = () => {};\nexport default {};', 1],
])('%s is left, with the lines to paste', (_what, text, line) => {
  expect(edit(text)).toEqual({
    ok: false,
    reason: expect.any(String),
    ...(line === undefined ? {} : { line }),
    paste: `${IMPORT}\n\n${HANDLER},`,
  });
});

test('a module that only its syntax tells is one, and CommonJS with a `require` of its own is left', () => {
  const result = edit('export default { a: 1 };', 'next.config.js', false);
  expect(result.ok && result.content).toBe(`${IMPORT}\n\nexport default { a: 1, ${HANDLER} };`);
  const shadowed = 'const require = load;\nmodule.exports = {};';
  expect(edit(shadowed, 'next.config.js', false)).toMatchObject({ ok: false, line: 1 });
});

test.each([
  [
    'a byte order mark',
    '\uFEFFexport default { a: 1 };',
    `\uFEFF${IMPORT}\n\nexport default { a: 1, ${HANDLER} };`,
  ],
  [
    'a comment behind the last member',
    'export default {\n  a: 1, // one\n  // more\n};',
    `${IMPORT}\n\nexport default {\n  a: 1, // one\n  ${HANDLER},\n  // more\n};`,
  ],
  [
    'a comment without a comma',
    'export default {\n  a: 1 // one\n};',
    `${IMPORT}\n\nexport default {\n  a: 1, // one\n  ${HANDLER}\n};`,
  ],
  [
    'a spread at the end',
    'export default {\n  ...shared,\n};',
    `${IMPORT}\n\nexport default {\n  ...shared,\n  ${HANDLER},\n};`,
  ],
])('%s stays as it is', (_what, text, expected) => {
  expect(edit(text)).toEqual({ ok: true, modified: true, content: expected });
});
