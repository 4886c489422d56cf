import { expect, test } from 'vitest';
import { allowsPrerelease, inRange, liesBelow, overlaps, satisfies } from '../../src/version.js';

test.each([
  ['3.44.0', true],
  ['3.43.9', false],
  ['3.100.0', true],
  ['3.90.2-canary.4', true],
  ['4.0.0', false],
  ['4.0.0-canary.1', false],
  ['10.0.0', false],
])('Payload %s in >=3.44.0 <4: %s', (version, expected) => {
  expect(inRange(version, '>=3.44.0 <4')).toBe(expected);
});

test('what is no range of versions is an error, not a yes', () => {
  expect(() => inRange('3.0.0', 'latest')).toThrow('latest');
});

test.each([
  ['3.50.1', '^3.50.0', true],
  ['4.0.0', '^3.50.0', false],
  ['3.50.9', '~3.50.0', true],
  ['3.51.0', '~3.50.0', false],
  ['3.50.9', '3.50.x', true],
  ['3.50.9', '3.50', true],
  ['3.50.0', '3.49.0', false],
  ['3.60.0', '3', true],
  ['3.60.0', '3.*', true],
  ['3.60.0', '*', true],
  ['3.60.0', '', true],
  ['3.60.0', '3.10 - 3.60', true],
  ['3.61.0', '3.10 - 3.60', false],
  ['3.60.0', '> 3.59 < 4', true],
  ['3.59.2', '>3.59', false],
  ['3.60.0', '<=3.60.0', true],
  ['3.60.1', '<=3.60.0', false],
  ['3.60.0', '=v3.60.0', true],
  ['3.60.0', '2.0.0 || ^3.60.0', true],
  ['0.2.9', '^0.2.3', true],
  ['0.3.0', '^0.2.3', false],
  ['3.60.0', 'workspace:*', undefined],
  ['3.60.0', 'https://example.com/payload.tgz', undefined],
])('%s satisfies %s: %s', (version, range, expected) => {
  expect(satisfies(version, range)).toBe(expected);
});

test.each([
  ['3.43.0', true],
  ['~3.43.0', true],
  ['3.43.x', true],
  ['<3.44.0', true],
  ['3.1.0 - 3.43', true],
  ['3.2.0 || ~3.10.0', true],
  ['^3.0.0', false],
  ['3.44.0', false],
  ['<=3.44.0', false],
  ['2.0.0 || 3.50.0', false],
  ['*', false],
  ['latest', false],
  ['canary', false],
])('all of %s is older than 3.44.0: %s', (range, expected) => {
  expect(liesBelow(range, '>=3.44.0 <4')).toBe(expected);
});

test.each([
  ['^2.0.0 || ^3.0.0', '>=3.44.0 <4', true],
  ['2.0.0 - 3.90.2', '>=3.44.0 <4', true],
  ['>2', '3', true],
  ['3.10.0 || 4.0.0', '>=3.44.0 <4', false],
  ['>=4', '3', false],
  ['<3.44.0', '>=3.44.0 <4', false],
  ['latest', '3', undefined],
])('some version of %s is in %s: %s', (range, other, expected) => {
  expect(overlaps(range, other)).toBe(expected);
  expect(overlaps(other, range)).toBe(expected);
});

test.each([
  ['3.91.0-canary.2', '^3.90.0', false],
  ['3.91.0-canary.2', '3.91.0-canary.2', true],
  ['3.91.0-canary.2', '^3.91.0-canary.1', true],
  ['3.91.0', '^3.90.0', true],
  ['3.91.0-canary.2', 'canary', true],
])('npm takes %s where %s is asked for, as far as pre-releases go: %s', (version, range, expected) => {
  expect(allowsPrerelease(version, range)).toBe(expected);
});
