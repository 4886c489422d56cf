import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { formFile, formNames, makeSite, placeForm } from '../inspect/forms.js';
import { command, readTree } from './command.js';

const site = makeSite();
afterAll(() => site.remove());

test.each(formNames())('%s: init, init again, sync and remove leave it as it was', async (name) => {
  const { directory, cwd, config } = placeForm(name, site);
  const before = await readTree(directory);
  const run = (...args: string[]) =>
    command([...args, '--cwd', cwd, ...(config ? ['--config', config] : [])]);

  const init = await run('init', '--yes', '--no-install', '--force', '--store', 'memory');
  if (existsSync(formFile(name, 'error.txt'))) {
    expect(init.exitCode).toBe(2);
    expect(await readTree(directory)).toEqual(before);
    return;
  }
  const isRefused = existsSync(formFile(name, 'refusal.txt'));
  expect(init.exitCode, init.stdout + init.stderr).toBe(isRefused ? 1 : 0);
  const written = await readTree(directory);
  expect(written).not.toEqual(before);

  const again = await run('init', '--yes', '--no-install', '--force');
  expect(again.stdout).toMatch(isRefused ? /left to you/ : /nothing to change/);
  expect(await readTree(directory)).toEqual(written);
  expect(await run('sync', '--check')).toMatchObject({ exitCode: 0 });

  expect(await run('remove', '--yes', '--no-install')).toMatchObject({ exitCode: 0 });
  expect(await readTree(directory)).toEqual(before);
});

test('a cache in an object that only a package is given is not said to be wired', async () => {
  const own = makeSite();
  const { cwd, directory } = placeForm('config-built-by-a-package', own);
  const at = ['--cwd', cwd];
  await command(['init', '--yes', '--no-install', '--force', '--store', 'memory', ...at]);
  expect((await command(['sync', '--check', ...at])).stdout).toMatch(/does not use the cache/);
  const file = path.join(directory, 'src/payload.config.ts');
  const text = readFileSync(file, 'utf8').replace('plugins: []', 'plugins: [cache]');
  writeFileSync(file, `import { cache } from './payload-kv/index'\n${text}`);
  expect((await command(['sync', '--check', ...at])).stdout).toMatch(/has the cache is not certain/);
  const { stdout } = await command(['doctor', ...at]);
  expect(stdout).toMatch(/what it is in is not certain: the config object is handed to defineSite/);
  expect(stdout).not.toMatch(/uses the cache once/);
  own.remove();
});
