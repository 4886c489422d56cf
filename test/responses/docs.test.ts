import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.js';

test('The page on responses names every option of the policy, and its defaults', () => {
  const read = (name: string): string => readFileSync(path.join(repository, name), 'utf8');
  const source = read('src/runtime/responses/policy.ts');
  const declaredIn = (text: string, name: string): string =>
    new RegExp(`export interface ${name}[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(text)?.[1] ?? '';
  const declared =
    declaredIn(source, 'ResponsePolicy') +
    declaredIn(read('src/runtime/responses/express-cache.ts'), 'MiddlewarePolicy');
  const options = [...declared.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name as string);
  const [, table = ''] = read('docs/responses.md').split('## Options');
  const rows = table.split('\n').filter((line) => /^\| `/.test(line));
  const named = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(options.length).toBeGreaterThan(10);
  expect([...named].sort()).toEqual([...options].sort());
  expect(source).toContain('const LARGEST_BODY = 1_000_000;');
  expect(table).toContain('1,000,000');
});
