import fc from 'fast-check';

/** Values without parts: what JSON has, and what databases give beside it. */
const leaf = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, -0, Number.NaN, Infinity, -Infinity, '', '\ud800', 'a\udc00b'),
  fc.constantFrom<unknown>(2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 63), 5e-324, 0.1, new Date(Number.NaN)),
  fc.string({ unit: 'binary' }),
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.date(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.uint8Array(),
);
const name = fc.oneof(
  fc.constantFrom('r', 'x', 't', '', '0', 'length', 'toString', 'constructor', 'a.b', 'a b'),
  fc.string({ unit: 'grapheme' }).filter((text) => text !== '__proto__'),
);

function nested(leaves: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 6, withCrossShrink: true },
      leaves,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(name, tie('value'), { maxKeys: 4 }),
    ),
  })).value;
}

class Point {
  x = 1;
}

/** Results that an entry keeps. */
export const results = nested(leaf);

/** Results that hold, here and there, what no entry keeps. */
export const oddResults = nested(
  fc.oneof(
    { weight: 8, arbitrary: leaf },
    fc.sparseArray(fc.integer(), { maxNumElements: 3, noTrailingHole: false }),
    fc.constantFrom<unknown>(new Map([[1, 2]]), new Set([1]), new Point(), () => 1, Symbol('a'), /a/),
    fc.constantFrom<unknown>(new Error('a'), new Float32Array(2), new String('a'), Promise.resolve()),
    fc.constantFrom<unknown>(Object.assign([1], { index: 0 }), { [Symbol('a')]: 1 }, { '\ud800': 1 }),
  ),
);

/** Whether two results cannot be told apart: prototypes and the order of properties included. */
export function areSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (one instanceof Date) return Object.is(one.getTime(), (other as Date).getTime());
  if (one instanceof Uint8Array) return Buffer.compare(one, other as Uint8Array) === 0;
  const [names, others] = [Reflect.ownKeys(one), Reflect.ownKeys(other)];
  return (
    names.length === others.length &&
    names.every(
      (name, index) =>
        name === others[index] &&
        areSame((one as Record<PropertyKey, unknown>)[name], (other as Record<PropertyKey, unknown>)[name]),
    )
  );
}
