import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../support/cli.js';
import { copyFixture, type ProjectCopy } from '../support/project.js';
import { repository } from '../support/repository.js';
import { blocks } from './blocks.js';

let project: ProjectCopy;

beforeAll(async () => {
  project = await copyFixture('blog');
  await runCli(['init', '--yes', '--no-install'], { cwd: project.dir });
});

afterAll(() => project?.remove());

/** What a snippet may take for granted, as it stands somewhere in a project. */
const GIVEN = {
  payload: `import type { Payload } from 'payload';\ndeclare const payload: Payload;`,
};

test('Every TypeScript snippet of the documentation compiles in a project that init has set up', async () => {
  const snippets = blocks().filter(({ language }) => language === 'ts');
  expect(snippets.length).toBeGreaterThan(3);
  const places = new Map<string, string>();
  for (const [index, { code, place }] of snippets.entries()) {
    const given = Object.entries(GIVEN)
      .filter(
        ([name]) =>
          new RegExp(`\\b${name}\\.`).test(code) && !new RegExp(`(const|\\{) *${name}\\b`).test(code),
      )
      .map(([, declaration]) => declaration);
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
