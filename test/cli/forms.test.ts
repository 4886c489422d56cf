import { existsSync } from 'node:fs';
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
