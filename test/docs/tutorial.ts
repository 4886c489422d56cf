import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { environmentOfAPerson } from '../package/packed.js';
import { copyFixture, type FixtureName } from '../support/project.js';
import { removeDirectory } from '../support/remove-directory.js';
import { NODE_OPTIONS } from '../support/typescript-loader.js';
import { readDocument } from './blocks.js';

/** What a tutorial tells its reader to do. */
export type Step =
  | { kind: 'file'; file: string; text: string; place: string }
  | { kind: 'run'; command: string; says: string[]; place: string };

/**
 * The steps of a page, in its order. A block behind a line that ends in the name of a file is that file; each line of a
 * `sh` block is a command, and so is each of a `console` block that begins with `$`: what follows it is printed.
 */
export function stepsOf(document: string): Step[] {
  const text = readDocument(document);
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap((match): Step[] => {
    const [, language, code = ''] = match;
    const before = text.slice(0, match.index);
    const place = `${document}:${before.split('\n').length}`;
    if (language === 'sh') {
      return code
        .trim()
        .split('\n')
        .map((command) => ({ kind: 'run', command, says: [], place }));
    }
    if (language === 'console') {
      return code
        .split(/^\$ /m)
        .slice(1)
        .map((part) => {
          const [command = '', ...says] = part.trimEnd().split('\n');
          return { kind: 'run', command, says, place };
        });
    }
    const file = /`([\w./-]+)`[^`\n]*:\n\n$/.exec(before)?.[1];
    return file ? [{ kind: 'file', file, text: code, place }] : [];
  });
}

/** A project in which the steps of a tutorial are taken. */
export interface Learner {
  dir: string;
  /** Writes a file, or runs a command and returns what it printed. Throws where that is not what the page says. */
  take(step: Step): Promise<string>;
  /** Takes all of them, but for those that begin with one of these. */
  takeAll(document: string, leftOut?: readonly string[]): Promise<string[]>;
  leave(): Promise<void>;
}

/** Commands that only make the folder and fill `node_modules`, which the copy of a fixture has. */
const DONE = /^(mkdir|cd) |^npm (install|i|ci)\b/;

/**
 * A learner with the packages of a fixture, and this package out of its tarball. `keeps` says whether the fixture is
 * the project of the page; else there is an empty folder. Numbers of ports are replaced by those that are free.
 */
export async function startLearner(
  tarball: string,
  fixture: FixtureName,
  { keeps = false, ports = {} as Record<string, number> } = {},
): Promise<Learner> {
  const { dir, remove } = await copyFixture(fixture);
  const modules = path.join(dir, 'node_modules');
  if (!keeps) {
    for (const name of await readdir(dir)) {
      if (name !== 'node_modules') await removeDirectory(path.join(dir, name));
    }
  }
  await removeDirectory(path.join(modules, 'payload-kv'));
  await mkdir(path.join(modules, 'payload-kv'));
  await execa('tar', ['-xzf', tarball, '-C', path.join(modules, 'payload-kv'), '--strip-components=1']);

  const env: Record<string, string> = {
    ...environmentOfAPerson(),
    NO_COLOR: '1',
    NODE_OPTIONS,
    PATH: `${path.join(modules, '.bin')}:${process.env.PATH}`,
    WRANGLER_SEND_METRICS: 'false',
  };
  delete env.PAYLOAD_KV_TIMEOUT;
  const running: ResultPromise[] = [];
  const withPorts = (text: string) =>
    Object.entries(ports).reduce((changed, [port, free]) => changed.replaceAll(port, `${free}`), text);

  async function run(command: string): Promise<string> {
    const exported = /^export (\w+)=(\S+)$/.exec(command);
    if (exported) {
      env[exported[1]!] = exported[2]!;
      return '';
    }
    if (command.endsWith(' &')) return started(command.slice(0, -2));
    const { all, exitCode } = await execa('bash', ['-c', `${ASKING}\n${command}`], {
      cwd: dir,
      env,
      extendEnv: false,
      stdin: 'ignore',
      all: true,
      reject: false,
    });
    if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}:\n${all}`);
    return all;
  }

  /** A server: it goes on until the learner leaves. What it prints first says that it is there. */
  async function started(command: string): Promise<string> {
    const child = execa(
      'bash',
      ['-c', `exec ${command.replace(/(^|\s)npx /, '$1')}`.replace(/^exec ((?:\w+=\S+ )+)/, '$1exec ')],
      {
        cwd: dir,
        env,
        extendEnv: false,
        stdin: 'ignore',
        all: true,
        reject: false,
        buffer: false,
        detached: true,
      },
    );
    running.push(child);
    let said = '';
    for await (const chunk of child.all.iterator({ from: 'all', preserveNewlines: true } as never)) {
      said += chunk;
      if (/listening|Ready to accept/i.test(said)) return said;
    }
    await child;
    throw new Error(`${command} has ended:\n${said}`);
  }

  async function take(step: Step): Promise<string> {
    if (step.kind === 'file') {
      const file = path.join(dir, step.file);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, withPorts(step.text));
      return '';
    }
    if (DONE.test(step.command)) {
      for (const name of packagesIn(dir, step.command)) {
        if (!existsSync(path.join(modules, name))) throw new Error(`${step.place}: ${name} is not here`);
      }
      return '';
    }
    const said = await run(withPorts(step.command));
    let from = 0;
    for (const line of step.says.map(withPorts).filter((text) => text.trim() !== '…')) {
      const at = said.indexOf(line.trim(), from);
      if (at < 0) throw new Error(`${step.place}: ${step.command} does not print "${line}", but\n${said}`);
      from = at + line.trim().length;
    }
    return said;
  }

  return {
    dir,
    take,
    async takeAll(document, leftOut = []) {
      const said: string[] = [];
      for (const step of stepsOf(document)) {
        if (step.kind === 'run' && leftOut.some((beginning) => step.command.startsWith(beginning))) continue;
        said.push(await take(step));
      }
      return said;
    },
    async leave() {
      for (const child of running) {
        // With those that it has started; where it has ended by itself, there is no group.
        if (child.exitCode === null && child.pid) process.kill(-child.pid, 'SIGKILL');
        await child;
      }
      await remove();
    },
  };
}

/** The packages that a command installs: those that it names, or those of package.json. */
function packagesIn(dir: string, command: string): string[] {
  if (!command.startsWith('npm')) return [];
  const named = command
    .split(' ')
    .slice(2)
    .filter((word) => !word.startsWith('-'));
  if (named.length > 0) return named;
  const { dependencies = {} } = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return Object.keys(dependencies);
}

/** npx without a look at the registry, and curl for machines that have none. */
const ASKING = `npx() { "$@"; }
curl() { node -e '
const words = process.argv.slice(1);
const method = words.includes("-X") ? words[words.indexOf("-X") + 1] : "GET";
fetch("http://" + words.at(-1).replace(/^http:../, ""), { method }).then((it) => it.text()).then((it) => process.stdout.write(it));
' -- "$@"; }`;
