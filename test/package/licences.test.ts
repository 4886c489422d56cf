import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ALLOWED_LICENCES, licencesOf, licenceTable } from '../../scripts/licences.js';
import { repository } from '../support/repository.js';

const lock = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8'));
const licensed = licencesOf(lock);

test('All that a site installs is under a licence that is allowed', () => {
  expect(licensed.length).toBeGreaterThan(30);
  expect(licensed.filter(({ licence }) => !ALLOWED_LICENCES.includes(licence))).toEqual([]);
});

test('The page on the supply chain lists it', () => {
  const page = readFileSync(join(repository, 'docs/supply-chain.md'), 'utf8');
  expect(page).toContain(licenceTable(licensed));
});

test('a licence that is not allowed is seen wherever a package lies', () => {
  const found = licencesOf({
    packages: {
      '': { dependencies: { a: '1' } },
      'node_modules/a': { version: '1.0.0', license: 'MIT', dependencies: { b: '1', c: '1' } },
      'node_modules/a/node_modules/b': { version: '1.0.0', license: 'AGPL-3.0', dependencies: { c: '1' } },
      'node_modules/b': { version: '2.0.0', license: 'MIT' },
      'node_modules/c': { version: '1.0.0' },
      'node_modules/development': { version: '1.0.0', license: 'AGPL-3.0' },
    },
  });
  expect(found).toEqual([
    { name: 'a', version: '1.0.0', licence: 'MIT' },
    { name: 'b', version: '1.0.0', licence: 'AGPL-3.0' },
    { name: 'c', version: '1.0.0', licence: 'none' },
  ]);
});
