import { expect, test } from 'vitest';
import { inRange } from '../../src/doctor/version.js';

test.each([
  ['3.87.1', true],
  ['3.87.0', false],
  ['3.100.0', true],
  ['3.90.2-canary.4', true],
  ['4.0.0', false],
  ['4.0.0-canary.1', false],
  ['10.0.0', false],
])('Payload %s in >=3.87.1 <4: %s', (version, expected) => {
  expect(inRange(version, '>=3.87.1 <4')).toBe(expected);
});

test('a range of another kind is an error, not a yes', () => {
  expect(() => inRange('3.0.0', '^3.0.0')).toThrow('^3.0.0');
});
