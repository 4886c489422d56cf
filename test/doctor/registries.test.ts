import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databaseRegistry } from '../../src/doctor/checks/database-registry.js';
import { durableObject } from '../../src/doctor/checks/durable-object.js';
import { doctorContext } from '../../src/doctor/context.js';
import { inspectProject } from '../../src/inspect/project.js';
import { runCli } from '../support/cli.js';
import { copyFixture, type FixtureName, type ProjectCopy } from '../support/project.js';

/** A copy of a fixture after `init` with a registry of its own. */
function scaffolded(name: FixtureName, registry: string) {
  let copy: ProjectCopy;
  beforeAll(async () => {
    copy = await copyFixture(name);
    const init = await runCli(['init', '--yes', '--no-install', '--registry', registry], { cwd: copy.dir });
    expect(init.exitCode, init.stderr).toBe(0);
  });
  afterAll(() => copy?.remove());
  return {
    /** The report with one file changed, which is put back. */
    async diagnose(file?: string, change?: (text: string) => string) {
      const before = file === undefined ? undefined : await copy.read(file).catch(() => undefined);
      if (file !== undefined && change) await copy.write(file, change(before ?? ''));
      const context = await doctorContext(inspectProject({ cwd: copy.dir }));
      const check = registry === 'database' ? databaseRegistry : durableObject;
      const result = await check.run(context);
      if (file !== undefined && before !== undefined) await copy.write(file, before);
      else if (file !== undefined) await rm(path.join(copy.dir, file));
      return result;
    },
  };
}

describe('Durable Objects', () => {
  const site = scaffolded('cloudflare', 'durable-object');
  const WRANGLER = 'wrangler.jsonc';
  const init = { status: 'fail', fix: 'Run: npx payload-kv init' };

  test('are in order after init', async () => {
    expect(await site.diagnose()).toEqual({
      status: 'ok',
      summary: 'CACHE_TAGS in wrangler.jsonc, 2 environments',
    });
  });

  test('without their binding at one place', async () => {
    const broken = (text: string) => text.replace('"name": "CACHE_TAGS"', '"name": "OTHER"');
    expect(await site.diagnose(WRANGLER, broken)).toMatchObject({
      ...init,
      summary: 'wrangler.jsonc does not declare CACHE_TAGS at the top level',
    });
  });

  test('without the migration that begins their class', async () => {
    const broken = (text: string) =>
      text.replace('"new_sqlite_classes": ["CacheTagRegistry"]', '"deleted_classes": ["Old"]');
    expect(await site.diagnose(WRANGLER, broken)).toMatchObject({
      ...init,
      summary: 'no migration in wrangler.jsonc begins CacheTagRegistry at the top level',
    });
  });

  test.each([
    [
      'the module of the build',
      WRANGLER,
      (text: string) => text.replace('"main": "worker.ts"', '"main": ".open-next/worker.js"'),
      '.open-next/worker.js',
    ],
    [
      'a module without it',
      'worker.ts',
      (text: string) => text.replace(/^export \{ CacheTagRegistry.*$/m, ''),
      'worker.ts',
    ],
  ])('with a main module that does not export their class: %s', async (_name, file, change, main) => {
    expect(await site.diagnose(file, change)).toMatchObject({
      status: 'fail',
      summary: `${main} does not export CacheTagRegistry`,
      fix: expect.stringContaining("export { CacheTagRegistry } from 'payload-kv/cloudflare';"),
    });
  });

  test('of another Worker need no class here', async () => {
    const other = (text: string) =>
      text
        .replaceAll(/("class_name": "CacheTagRegistry")/g, '$1,\n"script_name": "tags"')
        .replace('"main": "worker.ts"', '"main": ".open-next/worker.js"');
    expect(await site.diagnose(WRANGLER, other)).toEqual({
      status: 'ok',
      summary: 'CACHE_TAGS, in the Worker tags',
    });
  });

  test('whose binding is not written out cannot be checked', async () => {
    const computed = (text: string) =>
      text.replace(
        "durableObjectRegistry({ binding: 'CACHE_TAGS', env })",
        'durableObjectRegistry({ binding: name(), env })',
      );
    expect(await site.diagnose('src/payload-kv/index.ts', computed)).toMatchObject({ status: 'warn' });
  });
});

describe('the table in the database', () => {
  const blog = scaffolded('blog', 'database');
  const MIGRATION = 'src/migrations/20260101_120000.ts';

  test('is pushed where there are no migrations', async () => {
    expect(await blog.diagnose()).toMatchObject({ status: 'ok', summary: expect.stringContaining('pushed') });
  });

  test('is missing where there are migrations and none makes it', async () => {
    expect(await blog.diagnose(MIGRATION, () => 'CREATE TABLE posts')).toMatchObject({
      status: 'fail',
      summary: 'no migration in src/migrations makes payload_kv_tags',
      fix: expect.stringContaining('npx payload migrate:create'),
    });
  });

  test('is there where a migration makes it', async () => {
    expect(await blog.diagnose(MIGRATION, () => 'CREATE TABLE payload_kv_tags')).toMatchObject({
      status: 'ok',
    });
  });

  test('is made by nothing where push is off and there are no migrations', async () => {
    const off = (text: string) => text.replace('sqliteAdapter({', 'sqliteAdapter({ push: false,');
    expect(await blog.diagnose('src/payload.config.ts', off)).toMatchObject({ status: 'fail' });
  });

  test('is looked for where the adapter is told to keep migrations', async () => {
    const told = (text: string) =>
      text.replace('sqliteAdapter({', "sqliteAdapter({ push: false, migrationDir: './db',");
    expect(await blog.diagnose('src/payload.config.ts', told)).toMatchObject({ status: 'fail' });
    const computed = (text: string) =>
      text.replace('sqliteAdapter({', 'sqliteAdapter({ migrationDir: process.env.DIR,');
    expect(await blog.diagnose('src/payload.config.ts', computed)).toMatchObject({ status: 'warn' });
  });
});
