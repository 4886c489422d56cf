import { expect, test } from 'vitest';
import { decodeValue, encodeValue } from '../../../src/runtime/next/next-values.js';

test('A page comes back as it was: bytes, maps, what is undefined, numbers and broken text', () => {
  const page = {
    kind: 'APP_PAGE',
    html: '<p>é \u2028 "$text"</p>',
    rscData: Buffer.from('1:["$","p",null,{"children":"ü"}]\n'),
    postponed: undefined,
    status: 404,
    headers: { 'x-next-cache-tags': 'a,b', 'set-cookie': ['a=1', 'b=2'], link: undefined },
    segmentData: new Map([
      ['/_tree', Buffer.from([0, 255, 128, 10])],
      ['/posts/$slug', Buffer.from('text')],
    ]),
    $text: 'no bytes',
    nested: { $map: [['a']], $$twice: { $undefined: true }, ['__proto__']: { a: 1 } },
    numbers: [0, -0, Number.NaN, Number.POSITIVE_INFINITY, 1.5],
    broken: 'a\ud800b',
    day: new Date(5),
    nothing: null,
    empty: Buffer.alloc(0),
  };
  expect(decodeValue(encodeValue(page))).toEqual(page);
  expect(Object.is(decodeValue(encodeValue(-0)) as number, -0)).toBe(true);
  expect(Buffer.isBuffer((decodeValue(encodeValue(page)) as typeof page).rscData)).toBe(true);
});

test('Bytes of a larger buffer are those alone', () => {
  const part = Buffer.from('0123456789').subarray(2, 5);
  expect(decodeValue(encodeValue(part))).toEqual(Buffer.from('234'));
});

test('What has no text form is refused, not changed', () => {
  for (const value of [() => 1, Symbol('a'), 1n, new (class Page {})(), new Set([1])])
    expect(() => encodeValue({ value })).toThrow(TypeError);
});
