import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { inspectProject, type Project } from '../../src/inspect/project.js';
import { wireConfig } from '../../src/plan/config/config-edit.js';
import { generatedPaths } from '../../src/plan/generated-paths.js';
import type { TransformResult } from '../../src/plan/plan.js';
import { removeDirectory } from '../support/remove-directory.js';

const folder = path.join(import.meta.dirname, 'config-edit');
const cases = await readdir(folder);
const isRefused = (name: string) => existsSync(path.join(folder, name, 'refusal.txt'));
const read = (name: string, file: string) => readFile(path.join(folder, name, file), 'utf8');
const directories: string[] = [];

afterEach(async () => {
  for (const directory of directories.splice(0)) await removeDirectory(directory);
});

/** A project whose config is `text`, with the other files of the case. */
async function project(text: string, name: string): Promise<Project> {
  const root = await mkdtemp(path.join(tmpdir(), 'payload-kv-plan-'));
  directories.push(root);
  await mkdir(path.join(root, 'src/payload-kv'), { recursive: true });
  const others = path.join(folder, name, 'input');
  if (existsSync(others)) await cp(others, path.join(root, 'src'), { recursive: true });
  await writeFile(path.join(root, 'package.json'), '{ "dependencies": { "payload": "3.90.2" } }');
  await writeFile(path.join(root, 'src/payload.config.ts'), text);
  await writeFile(path.join(root, 'src/db.ts'), 'export const db = undefined as never');
  await writeFile(path.join(root, 'src/payload-kv/index.ts'), 'export const cache = (config: any) => config');
  return inspectProject({ cwd: root });
}

function wire(it: Project): TransformResult {
  const { configShape: shape, style } = it;
  return wireConfig({ shape, style, paths: generatedPaths(it), withEnv: shape.cloudflareEnv !== undefined });
}

describe.each(cases.filter((name) => !isRefused(name)))('%s', (name) => {
  test('becomes what it should, whatever the line ends', async () => {
    const [input, output] = [await read(name, 'input.ts'), await read(name, 'output.ts')];
    expect(wire(await project(input, name))).toEqual({
      ok: true,
      content: output,
      modified: input !== output,
    });
    const crlf = (text: string) => text.replaceAll('\n', '\r\n');
    expect(wire(await project(crlf(input), name))).toMatchObject({ ok: true, content: crlf(output) });
  });

  test('is left alone the second time', async () => {
    const output = await read(name, 'output.ts');
    expect(wire(await project(output, name))).toEqual({ ok: true, content: output, modified: false });
  });
});

test.each(cases.filter(isRefused))('%s is refused, with the very lines to paste', async (name) => {
  const input = await read(name, 'input.ts');
  const result = wire(await project(input, name));
  if (result.ok) throw new Error(`it was edited to\n${result.content}`);
  expect(`${result.paste}\n`).toBe(await read(name, 'refusal.txt'));
  expect(result.reason).toMatch(/\.$/);
  expect(input.split('\n')[result.line! - 1]).toMatch(/plugins|\.\.\./);
});
