import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ts } from 'ts-morph';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.js';

const SOURCE = path.join(repository, 'src');
const files = readdirSync(path.join(SOURCE, 'inspect'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => path.posix.join('inspect', file.split(path.sep).join('/')));

/** What the files of inspection import of this project, types included. */
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  return ts
    .preProcessFile(textOf(file))
    .importedFiles.map(({ fileName }) => fileName)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => path.posix.join(path.posix.dirname(file), specifier.replace(/\.js$/, '.ts')));
}

function textOf(file: string): string {
  return readFileSync(path.join(SOURCE, file), 'utf8');
}

/** The files of a circle that the last of the given ones leads into. */
function circleFrom(way: string[], done: Set<string>): string[] | undefined {
  const file = way.at(-1)!;
  if (way.indexOf(file) < way.length - 1) return way.slice(way.indexOf(file));
  if (done.has(file)) return undefined;
  for (const next of imports.get(file) ?? []) {
    const circle = circleFrom([...way, next], done);
    if (circle) return circle;
  }
  done.add(file);
  return undefined;
}

test('inspection imports nothing of what plans, writes, checks and asks', () => {
  const above = [...imports.values()].flat().filter((file) => /^(?:plan|apply|doctor|cli)\//.test(file));
  expect(above).toEqual([]);
});

test('no file of inspection leads back to itself by imports, those of types included', () => {
  const done = new Set<string>();
  for (const file of files) expect(circleFrom([file], done)).toBeUndefined();
});

test('inspection takes from the file system only what reads', () => {
  const taken = files.flatMap((file) =>
    [...textOf(file).matchAll(/^import \{([^}]*)\} from 'node:fs(?:\/promises)?'/gm)].flatMap((match) =>
      match[1]!.split(',').map((name) => name.trim()),
    ),
  );
  const reading = ['existsSync', 'readFileSync', 'readdirSync', 'realpathSync', 'statSync'];
  expect([...new Set(taken)].sort()).toEqual(reading);
});
