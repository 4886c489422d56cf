import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { command, readTree } from '../cli/command.js';
import { type CliResult, runCli } from '../support/cli.js';
import { copyFixture, type ProjectCopy } from '../support/project.js';

const WRAPPER = 'src/payload-kv/index.ts';
const SCHEMA = 'src/payload-kv/schema.generated.ts';

let project: ProjectCopy;
const sync = (...args: string[]): Promise<CliResult> => runCli(['sync', ...args], { cwd: project.dir });

beforeEach(async () => {
  project = await copyFixture('blog');
  const { exitCode } = await command(['init', '--yes', '--no-install', '--cwd', project.dir]);
  expect(exitCode).toBe(0);
});
afterEach(() => project.remove());

async function addEvents(): Promise<void> {
  await project.write(
    'src/collections/Events.ts',
    `import type { CollectionConfig } from 'payload';

export const Events: CollectionConfig = {
  slug: 'events',
  fields: [
    { name: 'slug', type: 'text', unique: true },
    { name: 'venue', type: 'relationship', relationTo: 'categories' },
  ],
};
`,
  );
  await project.replace(
    'src/payload.config.ts',
    'import { Media }',
    "import { Events } from '@/collections/Events';\nimport { Media }",
  );
  await project.replace('src/payload.config.ts', 'collections: [Posts', 'collections: [Events, Posts');
}

test('nothing changed: nothing is written, and it says so, without --yes too', async () => {
  const before = await readTree(project.dir);
  const { exitCode, stdout } = await sync();
  expect(exitCode).toBe(0);
  expect(stdout).toContain('in step with the schema: nothing to change.');
  expect(await readTree(project.dir)).toEqual(before);
});

describe('after a new field and a new collection', () => {
  beforeEach(async () => {
    await project.replace(
      'src/collections/Tags.ts',
      'fields: [',
      "fields: [\n    { name: 'colour', type: 'text', index: true },",
    );
    await addEvents();
  });

  test('--check says what changed, writes nothing and fails', async () => {
    const before = await readTree(project.dir);
    const { exitCode, stdout } = await sync('--check');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('+ collection `events` was added');
    expect(stdout).toContain('+ field `tags.colour` (text) was added');
    expect(stdout).toContain('+ `tags.colour` can be a slice now');
    expect(await readTree(project.dir)).toEqual(before);
  });

  test("the generated file is brought up to date; the user's files are not touched", async () => {
    const before = await readTree(project.dir);
    const { exitCode, stdout } = await sync('--yes');
    expect(exitCode).toBe(0);
    expect(stdout).toContain("events: { slices: ['slug'] },");
    const after = await readTree(project.dir);
    expect(after).toEqual({ ...before, [SCHEMA]: after[SCHEMA] });
    expect(after[SCHEMA]).toContain("colour: 'text index'");
    expect((await sync('--check')).exitCode).toBe(0);
  });

  test('--add puts an entry for the new collection into the wrapper, which compiles with new types', async () => {
    const before = await project.read(WRAPPER);
    const { exitCode, stdout } = await sync('--yes', '--add', 'events');
    expect(exitCode).toBe(0);
    expect(stdout).toContain("+    events: { slices: ['slug'] },");
    expect(stdout).toContain(
      'src/payload-types.ts does not know `events` yet: run `npx payload generate:types`',
    );
    const after = await project.read(WRAPPER);
    expect(after.replace("    events: { slices: ['slug'] },\n", '')).toBe(before);

    const run = (...args: string[]) =>
      execa('npx', args, { cwd: project.dir, env: { NODE_ENV: undefined, VITEST: undefined } });
    await run('payload', 'generate:types');
    await run('tsc', '--noEmit', '-p', '.');
  });

  test('a dry run shows the diff of both files and writes nothing', async () => {
    const before = await readTree(project.dir);
    const { exitCode, stdout } = await sync('--dry-run', '--diff', '--add-new');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`+++ b/${WRAPPER}`);
    expect(stdout).toContain(`+++ b/${SCHEMA}`);
    expect(await readTree(project.dir)).toEqual(before);
  });

  test('--json is one document', async () => {
    const { exitCode, stdout } = await sync('--json', '--check');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'sync',
      ok: false,
      drift: true,
      schemaChanges: [
        { kind: 'collection-added', slug: 'events' },
        { kind: 'field-added', slug: 'tags', field: 'colour' },
        { kind: 'slice-added', slug: 'tags', field: 'colour' },
      ],
      proposals: [{ slug: 'events', type: 'collection' }],
      changes: [{ path: SCHEMA, action: 'edit' }],
      refusals: [],
      notices: [],
      written: false,
      install: null,
      nextSteps: [expect.stringMatching(/^(?:npx payload|npm run) generate:types {3}\(/)],
    });
  });

  test('--add of what is not new is an error', async () => {
    const { exitCode, stderr } = await sync('--add', 'event');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('There are events.');
  });
});

test('an entry of a collection that was removed is told with its line, and kept', async () => {
  const before = await project.read(WRAPPER);
  await project.replace('src/payload.config.ts', ', Tags, ', ', ');
  await project.replace('src/payload-types.ts', '    tags: Tag;\n', '');
  const { exitCode, stdout } = await sync('--yes');
  expect(exitCode).toBe(0);
  const line = before.split('\n').findIndex((it) => it.includes('tags: ')) + 1;
  expect(stdout).toContain('- collection `tags` was removed');
  expect(stdout).toContain(`${WRAPPER}:${line}: names the collection \`tags\`, which is gone`);
  expect(await project.read(WRAPPER)).toBe(before);
});

test('an edit of the generated file stays, until forced', async () => {
  const written = await project.read(SCHEMA);
  await project.replace(SCHEMA, "slices: ['slug']", "slices: ['slug', 'name']");
  expect((await sync('--check')).exitCode).toBe(0);
  await project.replace('src/collections/Tags.ts', 'fields: [', "fields: [{ name: 'note', type: 'text' }, ");
  expect((await sync('--check')).exitCode).toBe(1);
  expect((await sync('--yes')).stdout).toContain(
    `${SCHEMA} was changed by hand: what was changed there stays.`,
  );
  expect(await project.read(SCHEMA)).toContain("slices: ['slug', 'name']");
  expect(await project.read(SCHEMA)).toContain("note: 'text'");
  await project.replace('src/collections/Tags.ts', "{ name: 'note', type: 'text' }, ", '');
  expect((await sync('--yes', '--force')).exitCode).toBe(0);
  expect(await project.read(SCHEMA)).toBe(written);
});
