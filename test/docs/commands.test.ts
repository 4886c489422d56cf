import { expect, test } from 'vitest';
import { allPages } from '../../scripts/docs/pages.js';
import { command } from '../cli/command.js';
import { readDocument } from './blocks.js';

/** What pages name as a command of this package, in code and in blocks: its name and its flags. */
const named = allPages()
  .filter((file) => file !== 'CHANGELOG.md')
  .flatMap((file) =>
    [...readDocument(file).matchAll(/(?:\bnpx |^\$ (?:npx )?|`)payload-kv ([a-z]+)\b([^`\n]*)/gm)].map(
      ([, name = '', rest = '']) => ({
        file,
        name,
        flags: [...rest.split(/ {3}|#|\|/)[0]!.matchAll(/(?:^|\s)(--[a-z-]+)/g)].map(([, flag]) => flag!),
      }),
    ),
  );

test('Every command and every flag that a page names is one of the command line', async () => {
  expect(named.length).toBeGreaterThan(70);
  const helps = new Map<string, string>();
  const wrong: string[] = [];
  for (const { file, name, flags } of named) {
    if (!helps.has(name)) {
      const { exitCode, stdout } = await command([name, '--help']);
      helps.set(name, exitCode === 0 && stdout.includes(`Usage: payload-kv ${name}`) ? stdout : '');
    }
    const help = helps.get(name)!;
    if (help === '') wrong.push(`${file}: payload-kv ${name}`);
    for (const flag of flags) {
      if (!new RegExp(`${flag}\\b(?!-)`).test(help)) wrong.push(`${file}: payload-kv ${name} ${flag}`);
    }
  }
  expect(wrong).toEqual([]);
  expect([...helps.keys()]).toEqual(
    expect.arrayContaining(['init', 'sync', 'doctor', 'why', 'purge', 'warm']),
  );
});
