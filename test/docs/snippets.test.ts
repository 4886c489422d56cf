import { rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environmentOfAPerson } from '../package/packed.js';
import { runCli } from '../support/cli.js';
import { copyFixture, type ProjectCopy } from '../support/project.js';
import { repository } from '../support/repository.js';
import { typescript } from '../support/typescript-loader.js';
import { blocks } from './blocks.js';

let project: ProjectCopy;

beforeAll(async () => {
  project = await copyFixture('blog');
  await runCli(['init', '--yes', '--no-install'], { cwd: project.dir });
});

afterAll(() => project?.remove());

/** What a snippet may take for granted, wherever it stands in a project. */
const GIVEN = `import type { Payload } from 'payload';\ndeclare const payload: Payload;`;

test('Every TypeScript snippet of the documentation compiles in a project that init has set up', async () => {
  const snippets = blocks().filter(({ language }) => language === 'ts');
  expect(snippets.length).toBeGreaterThan(3);
  const places = new Map<string, string>();
  for (const [index, { code, place }] of snippets.entries()) {
    const given =
      /\bpayload[.,]/.test(code) && !/const payload\b|\{[^}]*\bpayload\b[^}]*\}\) *=>/.test(code)
        ? [GIVEN]
        : [];
    const file = `src/snippets/${index}.ts`;
    places.set(file, place);
    await project.write(file, [...given, code, 'export {};'].join('\n'));
  }
  const tsc = path.join(repository, 'node_modules/typescript/bin/tsc');
  const { stdout, exitCode } = await execa(
    process.execPath,
    [tsc, '--noEmit', '--pretty', 'false', '-p', project.dir],
    {
      cwd: project.dir,
      reject: false,
    },
  );
  const readable = stdout.replace(
    /^src\/snippets\/\d+\.ts/gm,
    (file) => `${places.get(file)} (line in the snippet)`,
  );
  expect(readable).toBe('');
  expect(exitCode).toBe(0);
});

/** Gives the blog what `measure` reads. */
async function fill(copy: ProjectCopy): Promise<void> {
  await copy.write(
    'src/seed-run.ts',
    `import config from '@payload-config';
import { getPayload } from 'payload';
import { seed } from './seed';

await seed(await getPayload({ config }), { posts: 3 });
process.exit(0);
`,
  );
  const { dir: cwd } = copy;
  await execa(process.execPath, [...typescript, 'src/seed-run.ts'], {
    cwd,
    env: environmentOfAPerson(),
    extendEnv: false,
  });
  await rm(path.join(cwd, 'src/seed-run.ts'));
}

test('Every command that the documentation gives a user does its work, in the order in which it is read', async () => {
  const copy = await copyFixture('blog');
  try {
    const lines = blocks()
      .filter(({ language }) => language === 'sh')
      .flatMap(({ code }) => code.trim().split('\n'));
    expect(lines).toEqual([
      // In the README.
      'npx payload-kv init',
      'npx payload-kv measure',
      'npx payload-kv doctor',
      // In the page on commands.
      'npx payload-kv init',
      'npx payload-kv sync',
      'npx payload-kv doctor',
      'npx payload-kv remove',
    ]);
    await fill(copy);
    const before = await copy.read('src/payload.config.ts');
    for (const line of lines) {
      const [, ...args] = line.split(' ');
      // Nobody is there to answer questions, and the packages are there already.
      if (args[1] === 'init') args.push('--yes', '--no-install');
      if (args[1] === 'remove') {
        expect(await copy.read('src/payload.config.ts')).toContain('plugins: [cache]');
        // npm follows the links to the packages of this repository, and would take out what it finds there.
        args.push('--yes', '--no-install');
      }
      const { exitCode, all } = await execa('npx', args, {
        cwd: copy.dir,
        env: environmentOfAPerson(),
        extendEnv: false,
        stdin: 'ignore',
        all: true,
        reject: false,
      });
      expect(exitCode, `${line}\n${all}`).toBe(0);
    }
    expect(await copy.read('src/payload.config.ts')).toBe(before);
  } finally {
    await copy.remove();
  }
});
