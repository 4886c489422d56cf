import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hunksOf, undoHunks } from '../../src/plan/text/hunks.js';

const undo = (before: string, after: string, now = after) => undoHunks(now, hunksOf(before, after));

test('what was edited is as before once it is undone, whatever the texts', () => {
  const line = fc.constantFrom('', 'a', 'b', '  b', '}', "import 'x'");
  const end = fc.constantFrom('\n', '\r\n');
  const text = fc
    .tuple(fc.array(fc.tuple(line, end), { maxLength: 12 }), fc.constantFrom('', 'a', '}'))
    .map(([lines, last]) => lines.map((it) => it.join('')).join('') + last);
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(undo(before, after)).toEqual({ text: before, missed: [] });
    }),
    { numRuns: 2000 },
  );
});

/** Every edit that is tested by a folder of input and output. */
const folders = [
  'config-edit',
  'wrangler-edit',
  'wrangler-durable-object',
  'env-types-edit',
  'package-json-edit',
  'worker-entry',
];

describe.each(folders)('%s', (folder) => {
  const directory = path.join(import.meta.dirname, folder);
  const cases = readdirSync(directory).flatMap((name) => {
    const output = readdirSync(path.join(directory, name)).find((file) => file.startsWith('output.'));
    const input = output && path.join(directory, name, output.replace('output.', 'input.'));
    if (!output || !input || !existsSync(input)) return [];
    const read = (file: string) => readFileSync(file, 'utf8');
    return [{ name, before: read(input), after: read(path.join(directory, name, output)) }];
  });

  test.each(cases)('$name: the edit leaves no trace once it is undone', ({ before, after }) => {
    const crlf = (text: string) => text.replaceAll('\n', '\r\n');
    const tabs = (text: string) => text.replaceAll('  ', '\t');
    const bare = (text: string) => text.replace(/\n$/, '');
    for (const style of [(text: string) => text, crlf, tabs, bare]) {
      expect(undo(style(before), style(after))).toEqual({ text: style(before), missed: [] });
    }
  });

  test.each(cases)(
    '$name: nor in a checkout with other line ends, indented anew, or below new lines',
    ({ before, after }) => {
      const crlf = (text: string) => text.replaceAll('\n', '\r\n');
      expect(undo(before, after, crlf(after)).text).toBe(crlf(before));
      const tabs = (text: string) => text.replace(/^(?: {2})+/gm, (it) => '\t'.repeat(it.length / 2));
      expect(undo(before, after, tabs(after)).text.replaceAll('\t', '  ')).toBe(
        tabs(before).replaceAll('\t', '  '),
      );
      expect(undo(before, after, `// new\n${after}`).text).toBe(`// new\n${before}`);
    },
  );
});

test('lines that were indented anew in one go are found, and what gave way is indented as they are', () => {
  const before = '{\n  "a": {\n    "x": {}\n  }\n}\n';
  const after = '{\n  "a": {\n    "x": {\n      "ours": 1\n    }\n  }\n}\n';
  for (const unit of ['\t', '    ', '']) {
    const indented = (text: string) => text.replace(/^(?: {2})+/gm, (it) => unit.repeat(it.length / 2));
    expect(undo(before, after, indented(after))).toEqual({ text: indented(before), missed: [] });
  }
  const oddly = after.replace('      "ours"', '"ours"').replace('    "x"', ' "x"');
  expect(undo(before, after, oddly)).toMatchObject({ text: oddly, missed: [{}] });
});

test('what somebody has edited since is left, and said to be', () => {
  const [before, after] = ['a\nz\n', 'a\nours\nz\n'];
  expect(undo(before, after, 'a\nours and theirs\nz\n')).toMatchObject({
    text: 'a\nours and theirs\nz\n',
    missed: [{ added: 'ours\n' }],
  });
  expect(undo(before, after, 'other\nours\nlines\n').text).toBe('other\nlines\n');
});
