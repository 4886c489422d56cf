import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REGISTRIES, STORES } from '../../src/plan/answers.js';
import { removeDirectory } from '../support/remove-directory.js';
import { command } from './command.js';

let dir: string;

beforeAll(async () => {
  dir = await realpath(await mkdtemp(path.join(tmpdir(), 'payload-kv-completion-')));
  await mkdir(path.join(dir, 'my site'));
  await writeFile(path.join(dir, 'my.config.ts'), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { exitCode, stdout, stderr } = await command(['completion', shell]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    await writeFile(path.join(dir, `script.${shell}`), stdout);
  }
});

afterAll(() => removeDirectory(dir));

/** What bash offers for the last of these words, which it gets split as it splits them. */
async function bash(...words: string[]): Promise<string[]> {
  const lines = [
    '. ./script.bash',
    'COMP_WORDS=("$@")',
    'COMP_CWORD=$(($# - 1))',
    '_payload_kv',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
    'for reply in "${COMPREPLY[@]}"; do echo "$reply"; done',
  ];
  const { stdout } = await execa(
    'bash',
    ['--norc', '--noprofile', '-u', '-c', lines.join('\n'), 'bash', ...words],
    { cwd: dir },
  );
  return stdout.split('\n').filter((line) => line !== '');
}

/** Commands and options as the help shows them to a person. */
async function shownByHelp(...args: string[]) {
  const { stdout } = await command([...args, '--help']);
  return {
    commands: [...stdout.matchAll(/^ {2}([a-z]+) [[<]\w+[\]>]/gm)].map((match) => match[1]!),
    options: [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1]!),
  };
}

test('bash completes every command and every option that the help shows', async () => {
  const { commands, options } = await shownByHelp();
  expect(commands).toEqual(expect.arrayContaining(['init', 'sync', 'doctor', 'completion']));
  expect((await bash('payload-kv', '')).sort()).toEqual([...commands].sort());
  expect(await bash('payload-kv', '--')).toEqual(options);
  for (const name of commands.filter((each) => each !== 'help')) {
    const shown = await shownByHelp(name);
    expect(shown.options).toContain('--help');
    expect(await bash('payload-kv', name, '--')).toEqual(shown.options);
  }
});

test('bash completes stores, registries, directories and files, behind a space and behind =', async () => {
  expect(await bash('payload-kv', 'init', '--store', '')).toEqual([...STORES]);
  expect(await bash('payload-kv', 'init', '--yes', '--registry', '')).toEqual([...REGISTRIES]);
  expect(await bash('payload-kv', 'init', '--store', '=')).toEqual([...STORES]);
  expect(await bash('payload-kv', 'init', '--store', '=', 'me')).toEqual(['memory']);
  expect(await bash('payload-kv', 'sync', '--cwd', 'my')).toEqual(['my site']);
  expect((await bash('payload-kv', 'sync', '--config', 'my')).sort()).toEqual(['my site', 'my.config.ts']);
  expect(await bash('payload-kv', 'init', '--ttl', '')).toEqual([]);
  expect(await bash('payload-kv', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
  expect(await bash('payload-kv', 'help', 'ins')).toEqual(['inspect']);
});

test('bash completes behind npx, and leaves other commands of npx alone', async () => {
  expect(await bash('npx', 'payload-kv', 'in')).toEqual(['init', 'inspect']);
  expect(await bash('npx', 'payload-kv', 'init', '--sto')).toEqual(['--store']);
  expect(await bash('npx', 'pay')).toEqual([]);
  expect(await bash('npx', 'payload', 'in')).toEqual([]);
  const { stdout } = await execa('bash', [
    '--norc',
    '-c',
    `complete -W theirs npx; . '${dir}/script.bash'; complete -p npx payload-kv`,
  ]);
  expect(stdout.split('\n')).toEqual(["complete -W 'theirs' npx", 'complete -F _payload_kv payload-kv']);
});

test('zsh and fish offer each command and option with what the help says of it', async () => {
  const { stdout: zsh } = await command(['completion', 'zsh']);
  const { stdout: fish } = await command(['completion', 'fish']);
  const { commands } = await shownByHelp();
  for (const name of commands) {
    expect(zsh).toMatch(new RegExp(`^    '${name}:.+'$`, 'm'));
    expect(fish).toMatch(
      new RegExp(`^ {4}complete -c \\$program -n __payload_kv_is -a ${name} -d '.+'$`, 'm'),
    );
    for (const option of name === 'help' ? [] : (await shownByHelp(name)).options) {
      expect(zsh.slice(zsh.indexOf(`    ${name})\n`))).toMatch(new RegExp(`'[^']*${option}=?\\[.+`));
      expect(fish).toMatch(
        new RegExp(`-n '__payload_kv_is ${name}' .*-l ${option.slice(2)} .*-d '.+'$`, 'm'),
      );
    }
  }
  expect(zsh).toContain(`:store:(${STORES.join(' ')})'`);
  expect(fish).toContain(`-l registry -x -a '${REGISTRIES.join(' ')}'`);
  // A quote of a description must not end the quotes that it stands in.
  expect(zsh).toContain("the store'\\''s own registry");
  expect(fish).toContain("the store\\'s own registry");
});

const installed = async (shell: string) =>
  (await execa(shell, ['--version'], { reject: false })).exitCode === 0;

/** In CI nothing is skipped: a shell that it could not install is left out. */
const testIn = async (shell: string) =>
  (await installed(shell)) ? test : process.env.CI ? () => undefined : test.skip;

(await testIn('zsh'))(
  'zsh completes commands, options and values',
  async () => {
    expect((await execa('zsh', ['-n', `${dir}/script.zsh`])).stderr).toBe('');
    const lines = [
      'zmodload zsh/zpty',
      'zpty z zsh -f -i',
      `zpty -w z 'PS1=; autoload -Uz compinit; compinit -u -d ${dir}/dump; . ${dir}/script.zsh; LISTMAX=0'`,
      "zpty -w z 'echo rea''dy'",
      'while zpty -r z line; do [[ $line == *ready* && $line != *echo* ]] && break; done',
    ];
    const complete = async (typed: string, until: string) => {
      const { stdout } = await execa('zsh', [
        '-f',
        '-c',
        [
          ...lines,
          `zpty -w -n z '${typed}'$'\\t\\t'`,
          `zpty -r z out '*${until}*'`,
          'print -r -- "$out"',
          'zpty -d z',
        ].join('\n'),
      ]);
      return stdout;
    };
    expect(await complete('payload-kv ins', 'pect')).toContain('pect');
    expect(await complete('payload-kv init --store red', 'is')).toContain('redis');
    expect(await complete('npx payload-kv init --crea', 'namespace')).toContain('namespace');
  },
  60_000,
);

(await testIn('fish'))(
  'fish completes commands, options and values',
  async () => {
    const complete = async (typed: string) => {
      const { stdout } = await execa(
        'fish',
        ['--no-config', '-c', `source script.fish; complete -C ${JSON.stringify(typed)}`],
        { cwd: dir },
      );
      return stdout.split('\n').map((line) => line.split('\t')[0]);
    };
    expect((await complete('payload-kv ')).sort()).toEqual([...(await shownByHelp()).commands].sort());
    expect(await complete('payload-kv init --store ')).toEqual([...STORES].sort());
    expect(await complete('npx payload-kv init --reg')).toEqual(['--registry']);
    expect(await complete('payload-kv sync --config my.c')).toEqual(['my.config.ts']);
    expect(await complete('payload-kv sync --cwd my')).toEqual(['my site/']);
  },
  60_000,
);

test('an unknown shell is refused, and the known ones are named', async () => {
  const { exitCode, stdout, stderr } = await command(['completion', 'csh']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('bash, zsh, fish');
  expect((await command(['completion'])).exitCode).toBe(2);
});
