import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PayloadKVError } from '../../src/errors.js';
import {
  countOfParameters,
  parseTemplate,
  resolveTemplate,
  UNKNOWN,
} from '../../src/runtime/decorators/template.js';
import { canonicalArguments } from '../../src/runtime/query/canonical-arguments.js';

const NONE = { names: [], count: undefined };
const keyOf = (text: string, ...args: unknown[]) => resolveTemplate(parseTemplate(text, NONE), args);
const refusal = (text: string, names: string[] = [], count?: number): string => {
  try {
    parseTemplate(text, { names, count });
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(PayloadKVError);
    expect((error as PayloadKVError).code).toBe('INVALID_FUNCTION_KEY');
    return (error as PayloadKVError).message;
  }
};

test('a template becomes texts and values, each by itself', () => {
  expect(keyOf('user:#{0.id}', { id: 5 })).toEqual(['user:', 5]);
  expect(keyOf('#{0}', '5')).toEqual(['5']);
  expect(keyOf('#{1}#{0.a.0.b}/', { a: [{ b: 1 }] }, null)).toEqual([null, 1, '/']);
  expect(keyOf('all')).toEqual(['all']);
  expect(keyOf('')).toEqual(['']);
  expect(keyOf('a # b } c')).toEqual(['a # b } c']);
});

test('what is not there is unknown, unless the template says that it may be missing', () => {
  expect(keyOf('#{1}', 'a')).toEqual([UNKNOWN]);
  expect(keyOf('#{0.b}', { a: 1 })).toEqual([UNKNOWN]);
  expect(keyOf('#{0.a.b}', { a: null })).toEqual([UNKNOWN]);
  expect(keyOf('#{0.length}', 'text')).toEqual([UNKNOWN]);
  expect(keyOf('#{1?}#{0.a.b?}', { a: null })).toEqual([undefined, undefined]);
  expect(keyOf('#{0}', null)).toEqual([null]);
  expect(
    keyOf('#{0.a?}', {
      get a() {
        throw new Error('no');
      },
    }),
  ).toEqual([UNKNOWN]);
  expect(canonicalArguments({ key: [UNKNOWN] })).toBeUndefined();
});

test.each([
  ['#{', [], undefined, "no '}'"],
  ['#{}', [], undefined, 'no position and no name'],
  ['#{0.}', [], undefined, "'' is no name"],
  ['#{.id}', [], undefined, 'no position and no name'],
  ['#{01}', [], undefined, 'no position and no name'],
  ['#{-1}', [], undefined, 'no position and no name'],
  ['#{ 0 }', [], undefined, 'no position and no name'],
  ['#{0.a b}', [], undefined, "'a b' is no name"],
  ['#{0?.id}', [], undefined, 'no position and no name'],
  ['#{0[1]}', [], undefined, 'no position and no name'],
  ['#{#{0}}', [], undefined, 'no position and no name'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what somebody has mistyped
  ['user:${0}', [], undefined, 'names no argument'],
  ['#{id}', [], undefined, "no parameter is named 'id'"],
  ['#{id}', ['user'], undefined, "no parameter is named 'id'"],
  ['#{0.__proto__}', [], undefined, 'no property of a value'],
  ['#{0.a.constructor.name}', [], undefined, 'no property of a value'],
  ['#{0.prototype}', [], undefined, 'no property of a value'],
  ['#{0.toString}', [], undefined, 'no property of a value'],
  ['#{__proto__}', [], undefined, "no parameter is named '__proto__'"],
  ['#{1}', [], 1, 'has one parameter'],
  ['#{0}', [], 0, 'has 0 parameters'],
  ['#{2.id}', [], 2, 'has 2 parameters'],
] as const)('%s cannot be resolved', (text, names, count, reason) => {
  expect(refusal(text, [...names], count)).toContain(reason);
});

test('how many parameters a method has is known where none has a default and none is a rest', () => {
  const { plain, one, byDefault, after, rest, destructured, byArguments, computed } = {
    async plain(_a: unknown, _b: unknown) {
      return [1].map((each) => ({ ...{ each } }));
    },
    one(_a: unknown) {},
    byDefault(_a = 1) {},
    after(_a: unknown, _b = ')', _c: unknown) {},
    rest(..._a: unknown[]) {},
    destructured({ length }: { length: number }, _b: unknown) {
      return length;
    },
    byArguments(_a: unknown) {
      // biome-ignore lint/complexity/noArguments: as compilers write it
      return arguments.length;
    },
    computed: { 'x(y)'(_a: unknown, _b = 1) {} }['x(y)'],
  };
  expect(countOfParameters(plain)).toBe(2);
  expect(countOfParameters(one)).toBe(1);
  expect(countOfParameters(async function named(_a: unknown) {})).toBe(1);
  for (const each of [byDefault, after, rest, destructured, byArguments, computed, plain.bind(null), Map])
    expect(countOfParameters(each as (...args: any[]) => unknown)).toBeUndefined();
});

/** Values that a joined text could not tell apart. */
const value = fc.oneof(
  fc.constantFrom<unknown>('', '1', 1, '1n', 1n, 0, -0, 'null', null, true, 'true', ':', 'a:b', '#{0}', ','),
  fc.constantFrom<unknown>([], [''], [1, '1'], {}, { a: 1 }, new Date(1), '1970-01-01T00:00:00.001Z'),
  fc.string({ maxLength: 3 }),
);
const separator = fc.constantFrom('', ':', 'a', '1', '#', '}', ',', 'null');
/** The same, and not more than that: two instances of what was made alike. */
const same = (one: unknown, other: unknown): boolean => {
  const [a, b] = [one, other].map((each) => canonicalArguments({ each }));
  return a !== undefined && a === b;
};

test('calls share a key of a template exactly where all that it names is the same', () => {
  const places = fc.array(fc.tuple(separator, fc.nat({ max: 3 })), { minLength: 1, maxLength: 4 });
  const args = fc.tuple(value, value, value, value);
  fc.assert(
    fc.property(places, separator, args, args, (named, end, one, other) => {
      const text = named.map(([before, position]) => `${before}#{${position}}`).join('') + end;
      const keys = [one, other].map((each) => canonicalArguments({ key: keyOf(text, ...each) }));
      const areSame = named.every(([, position]) => same(one[position], other[position]));
      expect(keys[0] === keys[1]).toBe(areSame);
    }),
    { numRuns: 5_000 },
  );
});

test('any text is a template or refused, and what it holds beside its placeholders is kept as it is', () => {
  const text = fc.string({
    unit: fc.constantFrom('#', '{', '}', '0', '1', '.', 'a', '?', '$', ':', '_', 'é'),
    maxLength: 20,
  });
  fc.assert(
    fc.property(text, (written) => {
      if (refusal(written, ['a', 'é']) !== 'none') return;
      const template = parseTemplate(written, { names: ['a', 'é'], count: undefined });
      const again = template.map((part) => {
        if (typeof part === 'string') return part;
        return `#{${[part.position, ...part.path].join('.')}${part.isOptional ? '?' : ''}}`;
      });
      expect(again.join('')).toBe(written.replaceAll('#{a', '#{0').replaceAll('#{é', '#{1'));
    }),
    { numRuns: 5_000 },
  );
});
