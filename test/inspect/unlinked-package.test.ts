import path from 'node:path';
import { expect, test } from 'vitest';
import { unlinkedPackage } from '../../src/inspect/unlinked-package.js';
import { written } from './written.js';

test.each([
  ['plainly', "packages:\n  - 'apps/*' # sites\n  - packages/*\n"],
  ['in flow style', "packages: ['apps/*', packages/*]\n"],
  ['in flow style, over several lines', 'packages: [\n  "apps/*",\n  "packages/*",\n]\n'],
  ['without indentation, below quotes', '"packages":\n- apps/*\n- >-\n  packages/*\n'],
  ['with an anchor', 'packages: &all\n  - apps/*\n  - packages/*\nother: *all\n'],
])('a package is found by the patterns of pnpm-workspace.yaml, written %s', (_name, yaml) => {
  const root = written({
    '.git/HEAD': '',
    'package.json': '{}',
    'pnpm-workspace.yaml': yaml,
    'apps/web/package.json': '{ "dependencies": { "@acme/content": "workspace:*" } }',
    'packages/content/package.json': '{ "name": "@acme/content" }',
  });
  expect(unlinkedPackage('@acme/content', path.join(root, 'apps/web'))).toBe(
    path.join(root, 'packages/content'),
  );
});
