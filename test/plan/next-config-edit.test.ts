import { expect, test } from 'vitest';
import type { CodeStyle } from '../../src/inspect/code-style.js';
import { addCacheHandler } from '../../src/plan/config/next-config-edit.js';

const style: CodeStyle = {
  quotes: 'single',
  semicolons: true,
  indent: '  ',
  lineEnding: '\n',
  trailingCommas: true,
  importExtension: '',
};
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
])('%s is left, with the lines to paste', (_what, text, line) => {
  expect(edit(text)).toEqual({
    ok: false,
    reason: expect.any(String),
    ...(line === undefined ? {} : { line }),
    paste: `${IMPORT}\n\n${HANDLER},`,
  });
});
