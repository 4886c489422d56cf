/**
 * Whole projects, drawn at random along every dimension, each through its whole life with the cache.
 * `PROJECTS=1000 npx vitest run test/projects` looks at more of them, `PROJECTS_SEED=7` at others, both at one alone.
 */
import { mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, test, vi } from 'vitest';
import { pack } from '../package/packed.js';
import { removeDirectory } from '../support/remove-directory.js';
import { isRefused, live } from './life.js';
import { type InstalledManagers, installManagers } from './managers-installed.js';
import { type Modules, makeModules } from './modules.js';
import { TOO_OLD } from './payload-version.js';
import { generateProject } from './project.js';
import { type StandInRegistry, startRegistry } from './registry.js';
import { createStarter } from './start.js';

const COUNT = Number(process.env.PROJECTS ?? 40);
const SEED = Number(process.env.PROJECTS_SEED ?? 1);

vi.setConfig({ testTimeout: 590_000, hookTimeout: 300_000, maxConcurrency: 3 });

let directory: string;
let registry: StandInRegistry;
let managers: InstalledManagers;
let modules: Modules;
const starters = { node: createStarter(), d1: createStarter() };

beforeAll(async () => {
  directory = await realpath(await mkdtemp(path.join(tmpdir(), 'payload-kv-projects-')));
  const { tarball } = await pack(directory);
  registry = await startRegistry(tarball);
  managers = await installManagers(registry.url);
  modules = await makeModules();
  // `init` installs with the package manager that stands first in the path.
  Object.assign(process.env, managers.env);
});
afterAll(async () => {
  for (const starter of Object.values(starters)) starter.stop();
  await registry?.stop();
  await managers?.remove();
  await modules?.remove();
  await removeDirectory(directory);
});

const seeds = Array.from({ length: COUNT }, (_, index) => SEED + index);

test.concurrent.each(seeds)('project %i lives with the cache, and without it afterwards', async (seed) => {
  const project = generateProject(seed);
  const place = path.join(directory, `${seed}`);
  await mkdir(place);
  const starter = starters[project.adapter.packageName.includes('d1') ? 'd1' : 'node'];
  try {
    await live(project, { directory: place, env: managers.env, modules, starter });
  } catch (error) {
    const alone = `PROJECTS_SEED=${seed} PROJECTS=1 npx vitest run test/projects`;
    if (error instanceof Error) error.message = `${project.description}\n\n${alone}\n\n${error.message}`;
    throw error;
  } finally {
    if (!process.env.PROJECTS_KEEP) await removeDirectory(place);
  }
});

// A caret lets an installation bring a newer one.
const old = seeds
  .map((seed) => generateProject(seed, TOO_OLD))
  .filter(({ version }) => version.declaration !== 'caret');

test.each(old)(
  'project $seed with a Payload that is too old is refused before anything is written',
  async (project) => {
    const place = path.join(directory, `old-${project.seed}`);
    await mkdir(place);
    try {
      await isRefused(project, place);
    } catch (error) {
      if (error instanceof Error) error.message = `${project.description}\n\n${error.message}`;
      throw error;
    }
  },
);
