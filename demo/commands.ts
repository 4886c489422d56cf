/** The command line of the package, run in a project as a person would run it. */
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import kleur from 'kleur';
import type { ProjectCopy } from '../test/support/project.js';
import { repository } from '../test/support/repository.js';

/** A file that a command wrote, as its `--json` tells. */
export interface WrittenFile {
  path: string;
  action: 'create' | 'edit' | 'delete';
  /** Whether the file is the tool's own. */
  generated: boolean;
  added: number;
  removed: number;
  diff: string;
}

/** Runs the command for what it says in JSON. */
export async function runForJson(project: ProjectCopy, args: readonly string[]) {
  const { exitCode, stdout, stderr } = await run(project, [...args, '--json']);
  try {
    const json = JSON.parse(stdout) as { changes?: WrittenFile[]; checks?: { status: string }[] };
    return { exitCode, json, changes: json.changes ?? [], checks: json.checks ?? [] };
  } catch {
    throw new Error(`payload-kv ${args.join(' ')} printed no JSON:\n${stdout}${stderr}`);
  }
}

/** Runs the command for what it says to a person, in colour where this process has colours. */
export async function runForText(project: ProjectCopy, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(project, args);
  if (exitCode !== 0)
    throw new Error(`payload-kv ${args.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`);
  return kleur.enabled ? stdout : stripVTControlCharacters(stdout);
}

const run = (project: ProjectCopy, args: readonly string[]) =>
  execa(process.execPath, [path.join(repository, 'bin/payload-kv.js'), ...args], {
    cwd: project.dir,
    reject: false,
    stdin: 'ignore',
    env: kleur.enabled ? { FORCE_COLOR: '1' } : {},
  });
