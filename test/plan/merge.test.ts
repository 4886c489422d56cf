import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeTexts } from '../../src/plan/text/merge.js';

const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join('');
const base = text('a', 'b', 'c', 'd', 'e');

test('changes in different places are both made', () => {
  const merged = mergeTexts(base, text('a', 'B', 'c', 'd', 'e'), text('a', 'b', 'c', 'd', 'E', 'f'));
  expect(merged).toEqual({ ok: true, text: text('a', 'B', 'c', 'd', 'E', 'f') });
});

test('the same change on both sides is made once', () => {
  const both = text('a', 'x', 'c', 'd');
  expect(mergeTexts(base, both, both)).toEqual({ ok: true, text: both });
});

test('what meets in one place is a conflict, told with its line, while what stands side by side is none', () => {
  const theirs = text('0', 'a', 'B', 'c', 'd', 'e');
  expect(mergeTexts(base, theirs, text('a', 'X', 'Y', 'c', 'd', 'e'))).toEqual({
    ok: false,
    conflicts: [{ line: 3, theirs: 'B\n', ours: 'X\nY\n' }],
  });
  expect(mergeTexts(base, text('a', 'B', 'c', 'd', 'e'), text('a', 'b', 'C', 'd', 'e'))).toEqual({
    ok: true,
    text: text('a', 'B', 'C', 'd', 'e'),
  });
  expect(mergeTexts(base, text('a', 'B', 'c', 'd', 'e'), text('a', 'b', 'new', 'c', 'd', 'e'))).toEqual({
    ok: true,
    text: text('a', 'B', 'new', 'c', 'd', 'e'),
  });
});

test('a side that changed nothing leaves the other as it is, and neither side is ever lost', () => {
  const any = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 8 }).map((lines) => text(...lines));
  fc.assert(
    fc.property(any, any, any, (one, theirs, ours) => {
      expect(mergeTexts(one, theirs, one)).toEqual({ ok: true, text: theirs });
      expect(mergeTexts(one, one, ours)).toEqual({ ok: true, text: ours });
      const [merged, swapped] = [mergeTexts(one, theirs, ours), mergeTexts(one, ours, theirs)];
      expect(merged.ok).toBe(swapped.ok);
      if (merged.ok && swapped.ok) expect(merged.text).toBe(swapped.text);
    }),
    { numRuns: 1000 },
  );
});
