import fc from 'fast-check';
import { expect, test } from 'vitest';
import { propertyKey, quote } from '../../src/plan/text/literal.js';
import { printLiteral } from '../../src/plan/text/print-literal.js';

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    "it's",
    '"',
    '`',
    '$',
    '</script>',
    '*/',
    '\u2028',
    '\n',
    '\\',
    '\ud800',
    '__proto__',
    '🙂',
  ),
  fc
    .array(fc.constantFrom("'", '"', '\\', '\n', '`', '$', '{', '}', ';', '*', '/', '<'), { maxLength: 12 })
    .map((it) => it.join('')),
);

/** The value of an expression, by the language itself. */
function evaluate(code: string): unknown {
  return new Function(`'use strict'; return (${code})`)();
}

test('a quoted string is one literal of that very value, whatever it holds', () => {
  fc.assert(
    fc.property(hostile, fc.constantFrom('single' as const, 'double' as const), (value, quotes) => {
      const code = quote(value, quotes);
      expect(evaluate(code)).toBe(value);
      expect(code).not.toMatch(/[\n\r\u2028\u2029]|<\//);
      expect(code.isWellFormed()).toBe(true);
    }),
  );
});

test('a property key is bare only where it may be, and always that very key', () => {
  fc.assert(
    fc.property(hostile, (name) => {
      const value = evaluate(`{ ${propertyKey(name)}: 1 }`) as object;
      expect(Object.getOwnPropertyNames(value)).toEqual([name]);
    }),
  );
  expect([propertyKey('posts'), propertyKey('site-settings'), propertyKey('1st')]).toEqual([
    'posts',
    "'site-settings'",
    "'1st'",
  ]);
});

test('printed data reads back as the same data', () => {
  const data = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      hostile,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      tie('list'),
      tie('object'),
    ),
    list: fc.array(tie('value'), { maxLength: 4 }),
    object: fc.dictionary(hostile, tie('value'), { maxKeys: 4 }),
  }));
  fc.assert(
    fc.property(data.object, fc.nat(4), (value, open) => {
      expect(evaluate(printLiteral(value as any, { open }))).toEqual({ ...(value as object) });
    }),
  );
});
