import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY_LEDGER, recordChanges } from '../../src/plan/schema/ledger.js';
import { undoHunks } from '../../src/plan/text/hunks.js';

const path = 'wrangler.jsonc';

test('however often a file is edited, what is ours in it can be undone', () => {
  const line = fc.constantFrom('', 'a', 'b', '  b', '}', '{', 'c,');
  const text = fc.array(line, { maxLength: 8 }).map((lines) => lines.map((it) => `${it}\n`).join(''));
  fc.assert(
    fc.property(text, fc.array(text, { minLength: 1, maxLength: 5 }), (origin, versions) => {
      let ledger = EMPTY_LEDGER;
      let before = origin;
      for (const after of versions) {
        ledger = recordChanges(ledger, [{ path, before, after }]);
        before = after;
      }
      expect(undoHunks(before, ledger.edits[path] ?? [])).toEqual({ text: origin, missed: [] });
    }),
    { numRuns: 1000 },
  );
});

test('what is put in and taken out again is no edit', () => {
  const [before, after] = ['{\n}\n', '{\n  "x": 1\n}\n'];
  const put = recordChanges(EMPTY_LEDGER, [{ path, before, after }]);
  expect(recordChanges(put, [{ path, before: after, after: before }]).edits).toEqual({});
});

test('of what a person changed meanwhile it stays known what was put in, and what was taken out is forgotten', () => {
  const [before, after] = ['{\n}\n', '{\n  { "binding": "X",\n  }\n}\n'];
  const put = recordChanges(EMPTY_LEDGER, [{ path, before, after }]);
  const withId = after.replace('"X",\n', '"X",\n    "id": "1"\n');
  const more = (text: string) =>
    recordChanges(put, [{ path, before: text, after: `${text}// more\n` }]).edits[path]!;
  expect(more(withId).map(({ added }) => added)).toEqual(['  { "binding": "X",\n  }\n', '// more\n']);
  expect(more(before).map(({ added }) => added)).toEqual(['// more\n']);

  const [bare, bound] = ['{"name":"site"}', '{"name":"site","list":[{"binding":"X"}]}'];
  const file = 'package.json';
  const onOneLine = recordChanges(EMPTY_LEDGER, [{ path: file, before: bare, after: bound }]);
  const renamed = bound.replace('site', 'shop');
  const again = recordChanges(onOneLine, [{ path: file, before: renamed, after: `${renamed}\n` }]);
  expect(again.edits[file]!.map(({ added }) => added)).toContain(bound);
});

test('a binding that somebody gave an id and that is taken out again is no edit, and never comes back', () => {
  const other = '{ "binding": "OTHER" }';
  const before = `{\n  "kv_namespaces": [\n    ${other}\n  ]\n}\n`;
  const after = before.replace(other, `${other},\n    { "binding": "X" }`);
  const put = recordChanges(EMPTY_LEDGER, [{ path, before, after }]);
  const withId = after.replace('"X"', '"X", "id": "1"');
  expect(recordChanges(put, [{ path, before: withId, after: before }]).edits).toEqual({});
  const another = before.replace(other, `${other},\n    { "binding": "Y" }`);
  const { edits } = recordChanges(put, [{ path, before: withId, after: another }]);
  expect(undoHunks(another, edits[path]!)).toEqual({ text: before, missed: [] });
});

test('of a file that is as it was before the cache, nothing is known any more', () => {
  const name = 'package.json';
  const before = '{\n  "scripts": {},\n  "dependencies": {\n    "a": "1"\n  }\n}\n';
  const after = before
    .replace('{},', '{\n    "payload-kv:sync": "payload-kv sync"\n  },')
    .replace('"1"', '"1",\n    "payload-kv": "2"');
  const put = recordChanges(EMPTY_LEDGER, [{ path: name, before, after }]);
  const again = recordChanges(put, [{ path: name, before, after }]);
  expect(again).toEqual(put);
});
