import path from 'node:path';
import { Command } from 'commander';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { declareCommands } from '../../src/cli/command-lines.js';
import { describe as describeError } from '../../src/cli/failure.js';
import { repository } from '../support/repository.js';
import { CONFIG, command, createProject, type Project } from './command.js';
import { CTRL_C } from './person.js';

let project: Project;
afterEach(() => project?.remove());

async function fails(args: string[], files: Record<string, string | undefined> = {}): Promise<string> {
  project = await createProject(files);
  const before = await project.tree();
  const { exitCode, stdout, stderr } = await command([...args, '--cwd', project.dir]);
  expect(exitCode).toBe(2);
  expect(await project.tree()).toEqual(before);
  expect(`${stdout}${stderr}`).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  return stderr;
}

describe('what happened, where, and what to do', () => {
  test('no config', async () => {
    const text = await fails(['init'], { 'src/payload.config.ts': undefined });
    expect(text).toContain('[CONFIG_NOT_FOUND]');
    expect(text).toContain('→');
  });

  test('a config that does not parse', async () => {
    const text = await fails(['init', '--yes'], {
      'src/payload.config.ts': CONFIG.replace('globals:', 'globals'),
    });
    expect(text).toContain('[CONFIG_UNPARSABLE]');
    expect(text).toContain('at src/payload.config.ts:10');
  });

  test('no collections', async () => {
    const config =
      "import { buildConfig } from 'payload';\n\nexport default buildConfig({ collections: [] });\n";
    expect(await fails(['init', '--yes'], { 'src/payload.config.ts': config })).toContain('[NO_COLLECTIONS]');
  });

  test('a directory where a file is to be written', async () => {
    const text = await fails(['init', '--yes', '--no-install'], {
      'src/payload-kv/hooks.ts/keep': '',
    });
    expect(text).toContain(
      'src/payload-kv/hooks.ts could not be written: there is a directory in its place.',
    );
    expect(text).toContain('Everything is as it was before.');
  });

  test.each([
    ['index.ts', 'export const client = 1;\n', 'it calls no `payloadKV`'],
    ['hooks.ts', 'export const useKV = 1;\n', 'it exports no `hooks`'],
    ['schema.generated.ts', 'export const tables = 1;\n', 'it exports no `schema`'],
  ])("a %s of the user's own where init would write one", async (name, text, why) => {
    const said = await fails(['init', '--yes', '--no-install'], { [`src/payload-kv/${name}`]: text });
    expect(said).toContain(
      `src/payload-kv/${name} is there already and not what init writes: ${why}. [FILE_IN_THE_WAY]`,
    );
    expect(said).toContain('→ Move or rename it');
  });

  test('a file where the directory of the generated files should be', async () => {
    const text = await fails(['init', '--yes', '--no-install'], { 'src/payload-kv': 'mine' });
    expect(text).toContain('there is a file where its directory should be');
    expect(text).toContain('→ Move what is in the way and run the command again.');
  });

  test('a config of a kind that Payload does not load', async () => {
    const text = await fails(['init', '--config', 'package.json']);
    expect(text).toContain('package.json is no TypeScript or JavaScript file. [CONFIG_NOT_FOUND]');
  });

  test('a file that may not be read', () => {
    const error = Object.assign(new Error('EACCES: permission denied, open'), {
      code: 'EACCES',
      path: '/site/src/posts.ts',
    });
    expect(describeError(error, false)).toEqual({
      code: 'FILE_UNREADABLE',
      message: '/site/src/posts.ts may not be read: permission denied.',
      location: { file: '/site/src/posts.ts' },
      nextStep: 'Make it readable and run the command again.',
    });
  });

  test('a project without a cache, for sync', async () => {
    expect(await fails(['sync'])).toContain('Run `npx payload-kv init` first.');
  });
});

describe('a flag with', () => {
  test.each<[what: string, args: string[], text: string]>([
    [
      'a collection mistyped',
      ['--collections', 'post'],
      'there is no collection `post`. [UNKNOWN_COLLECTION]\n  → Did you mean `posts`?',
    ],
    ['a collection unheard of', ['--collections', 'x'], '→ There are pages, posts.'],
    ['a global unheard of', ['--globals', 'footer'], 'there is no global `footer`. [UNKNOWN_GLOBAL]'],
    ['an internal collection', ['--collections', 'payload-jobs'], '[INTERNAL_COLLECTION]'],
    ['a TTL of nothing', ['--ttl', '0'], '--ttl must be a positive whole number'],
    ['a negative TTL', ['--ttl=-5'], '[INVALID_DURATION]'],
    ['a TTL that is not whole', ['--ttl', '1.5'], '[INVALID_DURATION]'],
    ['a TTL that is no number', ['--ttl', 'soon'], '[INVALID_DURATION]'],
    ['a TTL for a collection unheard of', ['--ttl-for', 'psts=5m'], 'Did you mean `posts`?'],
    [
      'a TTL for one that is not cached',
      ['--collections', 'pages', '--ttl-for', 'posts=5m'],
      'not among what is cached',
    ],
    ['a TTL for one without the TTL', ['--ttl-for', 'posts'], 'Write for example --ttl-for posts=10m.'],
    ['a bad TTL for one', ['--ttl-for', 'posts=x'], '--ttl-for posts must be a positive whole number'],
    [
      'a registry that another store needs',
      ['--store', 'memory', '--registry', 'kv'],
      '--registry kv makes no sense with --store memory. [INVALID_REGISTRY]',
    ],
    ['a binding that is no name', ['--store', 'cloudflare-kv', '--binding', 'my-kv'], '[INVALID_BINDING]'],
    [
      'a binding that begins with a digit',
      ['--store', 'cloudflare-kv', '--binding', '1x'],
      'letters, digits and _ only, and no digit first',
    ],
  ])('%s', async (_what, args, text) => {
    expect(await fails(['init', '--yes', ...args])).toContain(text);
  });
});

describe('the command line itself', () => {
  test('an unknown flag is an error with a suggestion', async () => {
    const { exitCode, stderr } = await command(['sync', '--chek']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Did you mean --check?');
  });

  test('an unknown command is an error with a suggestion', async () => {
    const { exitCode, stderr } = await command(['int']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Did you mean init?');
    expect(stderr).toContain('See `npx payload-kv --help`.');
  });

  test('no command shows the help', async () => {
    const { exitCode, stdout, stderr } = await command([]);
    expect(exitCode).toBe(2);
    expect(stdout + stderr).toContain('Usage: payload-kv');
  });

  test.each(['init', 'sync', 'remove', 'doctor'])('%s --help shows examples', async (name) => {
    const { exitCode, stdout } = await command([name, '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain(`payload-kv ${name}`);
  });

  test('--version says the version of the package', async () => {
    const { exitCode, stdout } = await command(['--version']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});

/** All commands, as they are declared. */
function declared(): readonly Command[] {
  const program = new Command();
  declareCommands({ program, action: () => async () => {}, stdout: { write: () => true } });
  return program.commands;
}

/** What can only be one of a few words, with the words that lead to it on a command line. */
const choices = declared().flatMap((it) => [
  ...it.options.flatMap(({ argChoices, long }) =>
    argChoices ? [{ before: [it.name(), long!], words: argChoices }] : [],
  ),
  ...it.registeredArguments.flatMap(({ argChoices }) =>
    argChoices ? [{ before: [it.name()], words: argChoices }] : [],
  ),
]);

test('every choice of every command is known by its declaration', () => {
  const named = choices.map(({ before }) => before.join(' '));
  expect(named).toEqual(
    expect.arrayContaining([
      ...['init --store', 'init --registry', 'init --pages', 'stats --store', 'purge --store'],
      ...['top --by', 'warm --from', 'advise --only', 'completion'],
    ]),
  );
  expect(named.length).toBeGreaterThan(10);
});

test.each(choices.map(({ before, words }) => [before.join(' '), before, words] as const))(
  '%s takes no other word, names those that it takes, and the one that was meant',
  async (_name, before, words) => {
    const allowed = `Allowed choices are ${words.join(', ')}.`;
    for (const word of words) {
      const { exitCode, stderr } = await command([...before, `${word}x`]);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(`'${word}x' is invalid`);
      expect(stderr).toContain(`. Did you mean ${word}? ${allowed}`);
    }
    const { exitCode, stderr } = await command([...before, 'nothing-like-it']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`. ${allowed}`);
    expect(stderr).not.toContain('Did you mean');
  },
);

test('a script that gives a wrong flag is led to the help of that very command', async () => {
  const nextStepOf = async (...args: string[]) =>
    JSON.parse((await command([...args, '--json'])).stdout).error.nextStep;
  expect(await nextStepOf('stats', '--store', 'reddis')).toBe('See `payload-kv stats --help`.');
  expect(await nextStepOf('nothing')).toBe('See `payload-kv --help`.');
});

test('warm asks for nothing until it is said where the addresses come from', async () => {
  const { exitCode, stderr } = await command(['warm', '--url', 'http://127.0.0.1:9']);
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringContaining('→ Add one of these: --from sitemap, --from urls, --from collections.'),
  ]);
});

test('the help shows no empty list as a default', async () => {
  for (const name of ['init', 'sync']) {
    expect((await command([name, '--help'])).stdout).not.toContain('default: []');
  }
});

describe('--json', () => {
  test.each<[what: string, args: string[], code: string]>([
    ['an error of the command', ['init', '--yes', '--ttl', 'x'], 'INVALID_DURATION'],
    ['a missing answer', ['init'], 'MISSING_ANSWERS'],
    ['an unknown flag', ['init', '--nope'], 'USAGE'],
  ])('%s is one document on standard output', async (_what, args, code) => {
    project = await createProject();
    const { exitCode, stdout } = await command([...args, '--json', '--cwd', project.dir]);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'init',
      ok: false,
      error: { code, message: expect.any(String), nextStep: expect.any(String) },
    });
  });
});

test('a reader who goes away, such as head, is no error', async () => {
  const bin = path.join(repository, 'bin/payload-kv.js');
  const { stderr } = await execa('sh', ['-c', `"${process.execPath}" "${bin}" init --help | true`]);
  expect(stderr).toBe('');
});

test('--verbose shows the stack, and where an error comes from', async () => {
  project = await createProject();
  const { stderr } = await command(['init', '--yes', '--ttl', 'x', '--verbose', '--cwd', project.dir]);
  expect(stderr).toMatch(/^\s+at .*:\d+:\d+\)?$/m);
});

describe.each([['init'], ['sync'], ['remove'], ['inspect'], ['doctor']])(
  '%s among several configs',
  (name) => {
    beforeEach(async () => {
      const site = (path: string) => ({
        [`${path}/package.json`]: '{}',
        [`${path}/payload.config.ts`]: CONFIG,
      });
      project = await createProject({ 'src/payload.config.ts': undefined, ...site('blog'), ...site('shop') });
    });

    test('is told which there are, in words and as a document', async () => {
      const { exitCode, stderr } = await command([name, '--cwd', project.dir]);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('blog/payload.config.ts, shop/payload.config.ts. [SEVERAL_CONFIGS]');
      expect(stderr).toContain('→ Choose one, e.g. --config blog/payload.config.ts');
      const document = JSON.parse((await command([name, '--json', '--cwd', project.dir])).stdout);
      expect(document).toMatchObject({ command: name, ok: false, error: { code: 'SEVERAL_CONFIGS' } });
    });

    test('asks at a terminal, where Ctrl-C ends it', async () => {
      const before = await project.tree();
      const { exitCode, stdout, stderr } = await command([name, '--cwd', project.dir], {
        terminal: true,
        answers: [CTRL_C],
      });
      expect(stdout).toContain('Which Payload config?');
      expect([exitCode, stderr]).toEqual([130, expect.stringContaining('Cancelled. Nothing was written.')]);
      expect(await project.tree()).toEqual(before);
    });
  },
);
