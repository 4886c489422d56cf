import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.js';
import { readDocument } from './blocks.js';

const text = readDocument('docs/security.md');
/** Rows of the tables of attacks: what is tried, what holds, and the tests. */
const attacks = text
  .slice(text.indexOf('## What was tried'), text.indexOf('## At random'))
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| attack'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, attack = '', , tests = '']) => ({ attack, tests: tests.match(/`[^`]+`/g) ?? [] }));

test('The attack log names a test for every attack', () => {
  expect(attacks.length).toBeGreaterThan(20);
  expect(attacks.filter(({ tests }) => tests.length === 0)).toEqual([]);
});

test('Every test that the attack log names is there', () => {
  const missing = attacks
    .flatMap(({ tests }) => tests)
    .map((name) => name.replaceAll('`', ''))
    .filter((name) => !name.endsWith('.test.ts') || !existsSync(path.join(repository, name)));
  expect(missing).toEqual([]);
});
