import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readExactSchema } from '../../src/cli/exact/read-exact.js';
import { withExactSchema } from '../../src/inspect/exact-schema.js';
import { inspectProject } from '../../src/inspect/project.js';
import { readTree } from '../cli/command.js';
import { comparable } from '../inspect/sanitised.js';
import { runCli } from '../support/cli.js';
import { copyFixture, type FixtureName, type ProjectCopy } from '../support/project.js';

const withoutOrigin = (entities: any[]) =>
  comparable<any>(entities).map(
    ({ origin: _, location: __, access: _____, fieldsOfTypes: ___, ...entity }) => entity,
  );

describe.each<FixtureName>(['blog', 'cloudflare'])('the exact schema of the %s fixture', (name) => {
  test('is what was read of its text, and nothing of the project changes', async () => {
    const project = await copyFixture(name);
    try {
      const before = await readTree(project.dir);
      const read = inspectProject({ cwd: project.dir });
      const { schema } = withExactSchema(read, await readExactSchema(read));
      expect(schema.collections.map(({ origin }) => origin)).toEqual(schema.collections.map(() => 'exact'));
      expect(schema.collections.map(({ location }) => location)).toEqual(
        read.schema.collections.map(({ location }) => location),
      );
      expect(withoutOrigin(schema.collections)).toEqual(withoutOrigin(read.schema.collections));
      expect(withoutOrigin(schema.globals)).toEqual(withoutOrigin(read.schema.globals));
      expect(schema.locales).toEqual(read.schema.locales);
      const after = await readTree(project.dir);
      expect(Object.keys(after).filter((file) => !file.startsWith('.wrangler'))).toEqual(Object.keys(before));
    } finally {
      await project.remove();
    }
  });
});

describe('--exact', () => {
  let project: ProjectCopy;
  let config: string;
  beforeAll(async () => {
    project = await copyFixture('blog');
    config = await project.read('src/payload.config.ts');
  });
  afterAll(() => project?.remove());

  const write = (from: string, to: string) => {
    if (!config.includes(from)) throw new Error(`${from} is not in the config`);
    return project.write('src/payload.config.ts', config.replace(from, to));
  };

  test('knows what plugins add, with auth, versions and indexes', async () => {
    await write(
      'collections: [',
      `plugins: [
    (incoming) => ({
      ...incoming,
      collections: [
        ...(incoming.collections ?? []),
        {
          slug: 'customers',
          auth: true,
          versions: true,
          fields: [{ name: 'favourites', type: 'relationship', relationTo: 'posts', index: true, hasMany: true }],
        },
      ],
    }),
  ],
  collections: [`,
    );
    const init = await runCli(['init', '--yes', '--no-install', '--force', '--exact'], { cwd: project.dir });
    expect(init).toMatchObject({ exitCode: 0 });
    expect(init.stdout).toContain('→ npx payload-kv doctor --exact ');
    expect(init.stdout).toContain('→ npx payload-kv sync --exact ');
    const { scripts } = JSON.parse(await project.read('package.json'));
    expect(scripts['payload-kv:sync']).toBe('payload-kv sync --exact');
    expect(scripts['payload-kv:doctor']).toBe('payload-kv doctor --exact');
    const generated = await project.read('src/payload-kv/schema.generated.ts');
    expect(generated).toMatch(
      /customers: \{[^}]*auth: true,[^}]*versions: true,[^}]*favourites: \['posts'\]/s,
    );
    expect(generated).toMatch(/favourites: 'relationship[^']* index/);
  });

  test('is what sync and doctor compare with where it is given, and not where it is not', async () => {
    const doctor = await runCli(['doctor', '--exact', '--json'], { cwd: project.dir });
    expect(JSON.parse(doctor.stdout).checks).toContainEqual(
      expect.objectContaining({ title: 'Generated schema is in step', status: 'ok' }),
    );
    const exact = await runCli(['sync', '--check', '--exact'], { cwd: project.dir });
    expect(exact).toMatchObject({ exitCode: 0 });
    const read = await runCli(['sync', '--check'], { cwd: project.dir });
    expect(read.exitCode).toBe(1);
    expect(read.stdout).toContain('customers');
    expect(read.stdout).toContain('If it was written with --exact, check it with --exact as well.');
  });

  test('says what a config that throws said, and where, without a value of its environment', async () => {
    await project.write(
      '.env',
      'UPSTREAM_TOKEN="hunter2-hunter2"\nDATABASE_URI=postgres://me:s3cr3t@host/db\n',
    );
    await write(
      'export default',
      `if (process.env.DATABASE_URI) {
  throw new Error(\`\${process.env.DATABASE_URI} refused \${process.env.UPSTREAM_TOKEN}, \${process.env.SITE_KEY}\`);
}

export default`,
    );
    const line =
      (await project.read('src/payload.config.ts')).split('\n').findIndex((it) => /throw new/.test(it)) + 1;
    const { exitCode, stdout, stderr } = await runCli(['inspect', '--exact'], {
      cwd: project.dir,
      env: { SITE_KEY: 'inherited-key' },
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      'The config could not be loaded: [DATABASE_URI] refused [UPSTREAM_TOKEN], [SITE_KEY] [EXACT_FAILED]',
    );
    expect(stderr).toContain(`at src/payload.config.ts:${line}`);
    expect(`${stdout}${stderr}`).not.toMatch(/hunter2|s3cr3t|inherited-key/);
  });

  test('does not wait for ever, and takes nothing for an answer that the config prints', async () => {
    await project.write('.env', '');
    await write(
      'export default',
      `console.log('{"ok":true}');\nawait new Promise((resolve) => setTimeout(resolve, 2 ** 30));\n\nexport default`,
    );
    const read = inspectProject({ cwd: project.dir });
    await expect(readExactSchema(read, { timeout: 3000 })).rejects.toMatchObject({
      code: 'EXACT_TIMED_OUT',
      location: { file: 'src/payload.config.ts' },
    });
  });

  test('reads a config whose object the text does not show', async () => {
    await project.write('.env', '');
    await project.write(
      'node_modules/site-config/package.json',
      '{ "type": "module", "exports": "./index.js" }',
    );
    await project.write(
      'node_modules/site-config/index.js',
      `import { buildConfig } from 'payload';\nexport const site = (db) => buildConfig({ secret: 'x', db, collections: [{ slug: 'notes', fields: [{ name: 'text', type: 'text' }] }] });\n`,
    );
    await project.write(
      'src/payload.config.ts',
      `import { sqliteAdapter } from '@payloadcms/db-sqlite';\nimport { site } from 'site-config';\n\nexport default site(sqliteAdapter({ client: { url: 'file:./site.db' } }));\n`,
    );
    const plain = await runCli(['inspect'], { cwd: project.dir });
    expect(plain.stderr).toContain('[CONFIG_UNREADABLE]');
    const { stdout, exitCode } = await runCli(['inspect', '--exact', '--json'], { cwd: project.dir });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).collections.map(({ slug }: any) => slug)).toEqual(['notes', 'users']);
  });
});
