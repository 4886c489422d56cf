import { expect, test } from 'vitest';
import { wranglerProvisions } from '../../src/cli/project-files.js';
import { findPackage } from '../../src/doctor/installed-package.js';
import { readPackageManager } from '../../src/inspect/package-manager.js';
import { written } from '../inspect/written.js';

test.each(['{', '', '[]', 'null'])(
  'a package whose manifest is %j has a version that nobody knows',
  (text) => {
    const root = written({ 'node_modules/wrangler/package.json': text });
    expect(findPackage(root, 'wrangler')).toEqual({
      dir: `${root}/node_modules/wrangler`,
      version: 'unknown',
    });
    expect(wranglerProvisions({ root, packageJson: {} })).toBe(true);
  },
);

test('the package manager is read behind a byte order mark', () => {
  const root = written({ '.git/HEAD': '', 'package.json': '\uFEFF{ "packageManager": "pnpm@10.0.0" }' });
  expect(readPackageManager(root).packageManager).toBe('pnpm');
});
