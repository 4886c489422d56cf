import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTemplates } from '../../src/cli/package-files.js';
import { type CodeStyle, USUAL_STYLE as style } from '../../src/inspect/code-style.js';
import { parseSchemaFile, renderSchemaFile } from '../../src/plan/schema/schema-file.js';
import { type SchemaRecord, schemaRecord } from '../../src/plan/schema/schema-record.js';
import { collection, field, global, schema } from './schema-of.js';

const template = readTemplates().schema;
const record = schemaRecord(
  schema(
    [
      collection('posts', [
        field('slug', 'text', { unique: true }),
        field('author', 'relationship', { relationTo: ['users'] }),
        field('seo.title', 'text', { localized: true }),
      ]),
      collection('users', [field('email', 'email')], { auth: true }),
    ],
    [global('site-settings', [field('name', 'text')], { versions: true, drafts: 'unknown' })],
    ['en', 'de'],
  ),
);
const render = (it: SchemaRecord, more: Partial<CodeStyle> = {}) =>
  renderSchemaFile(it, { template, style: { ...style, ...more }, language: 'ts' });
const parse = (text: string) => parseSchemaFile(text, 'src/payload-kv/schema.generated.ts');

test('the file reads as data that a person can follow', () => {
  expect(render(record)).toBe(
    readFileSync(path.join(import.meta.dirname, 'output.schema.generated.ts'), 'utf8'),
  );
});

test('what was written is read back, in every style', () => {
  const styles = fc.record({
    quotes: fc.constantFrom('single' as const, 'double' as const),
    semicolons: fc.boolean(),
    indent: fc.constantFrom('  ', '    ', '\t'),
    lineEnding: fc.constantFrom('\n' as const, '\r\n' as const),
    trailingCommas: fc.boolean(),
  });
  const name = fc.oneof(
    fc.string(),
    fc.constantFrom("it's", '"x"', '</script>', '`$`', 'a\nb', '__proto__', '{{checksum}}'),
  );
  const schemas = fc
    .uniqueArray(name, { maxLength: 4 })
    .chain((slugs) =>
      fc.tuple(
        ...slugs.map((slug) => fc.uniqueArray(name, { maxLength: 3 }).map((paths) => ({ slug, paths }))),
      ),
    )
    .map((all) =>
      schema(
        all.map(({ slug, paths }) =>
          collection(
            slug,
            paths.map((it) => field(it, 'relationship', { relationTo: [slug, it], index: true })),
          ),
        ),
      ),
    );
  fc.assert(
    fc.property(schemas, styles, (it, its) => {
      const written = schemaRecord(it);
      expect(parse(render(written, its))).toEqual({ record: written, edited: false });
    }),
  );
});

test('the same schema gives the same bytes', () => {
  expect(render(schemaRecord(schema([collection('b'), collection('a')])))).toBe(
    render(schemaRecord(schema([collection('a'), collection('b')]))),
  );
});

describe('a change by hand', () => {
  test.each([
    ['another value', (text: string) => text.replace("'relationship'", "'text'")],
    ['another fingerprint', (text: string) => text.replace(/fingerprint: '.{4}/, "fingerprint: '0000")],
    ['code that was added', (text: string) => `${text}\nexport const mine = 1;\n`],
    ['a field that was taken out', (text: string) => text.replace(/^ *slug: .*\n/m, '')],
    ['another checksum', (text: string) => text.replace(/checksum: .{4}/, 'checksum: 0000')],
    ['a header that was taken out', (text: string) => text.replace(/^\/\*\*.*?\*\/\n/s, '')],
  ])('is noticed: %s', (_what, change) => {
    const text = render(record);
    expect(parse(text).edited).toBe(false);
    expect(change(text)).not.toBe(text);
    expect(parse(change(text)).edited).toBe(true);
  });

  test('is not what a formatter or a Windows checkout does', () => {
    const text = render(record);
    const style = [
      '--indent-style=tab',
      '--line-width=40',
      '--semicolons=as-needed',
      '--javascript-formatter-quote-style=double',
    ];
    const formatted = execFileSync(
      'node_modules/.bin/biome',
      ['format', '--stdin-file-path=x.ts', '--trailing-commas=none', ...style],
      { input: text },
    ).toString();
    expect(formatted).not.toBe(text);
    expect(parse(formatted)).toEqual({ record, edited: false });
    expect(parse(text.replaceAll('\n', '\r\n'))).toEqual({ record, edited: false });
  });
});

test.each([
  ['nothing of it', 'export {};', 1],
  ['a function in it', 'export const schema = {\n  fingerprint: hash(),\n};\nexport const fields = {};', 2],
  ['a spread in it', 'export const schema = {\n  ...more,\n};\nexport const fields = {};', 2],
])('a file with %s is unreadable, and the error says where', (_what, text, line) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({
      code: 'SCHEMA_FILE_UNREADABLE',
      location: { file: 'src/payload-kv/schema.generated.ts', line },
      nextStep: expect.stringContaining('--force'),
    }),
  );
});
