import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.js';

test('no comment that is written into a project is wider than the narrowest print width, which no formatter breaks', () => {
  const directory = join(repository, 'templates');
  const lines = readdirSync(directory).flatMap((file) =>
    readFileSync(join(directory, file), 'utf8').split('\n'),
  );
  expect(lines.length).toBeGreaterThan(50);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});
