import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ts as compiler } from 'ts-morph';
import { expect, test } from 'vitest';
// The tests are given the one of dist.
import { ts as parser } from '../../src/inspect/typescript.js';
import { repository } from '../support/repository.js';

const sources = (folder: string): string[] =>
  readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.includes('node_modules'))
    .map((file) => join(repository, folder, file));

/** Each node: what it is, where it begins with and without what stands before it, where it ends. */
function nodes(ts: typeof compiler, file: string): unknown[] {
  const text = readFileSync(file, 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: unknown[] = [];
  const visit = (node: compiler.Node): void => {
    found.push([ts.SyntaxKind[node.kind], node.pos, node.getStart(source), node.end, node.parent?.kind]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test('The parser that is published is a part of the compiler', () => {
  expect(parser).not.toBe(compiler);
  expect('createProgram' in parser).toBe(false);
  const text = readFileSync(join(repository, 'dist/inspect/typescript.js'), 'utf8');
  expect(text.length).toBeLessThan(1_100_000);
  expect(text).toContain('Licensed under the Apache License');
});

test('it sees in each file what the compiler sees', () => {
  const files = [...sources('src/plan'), ...sources('src/admin'), ...sources('fixtures/blog/src')];
  expect(files.length).toBeGreaterThan(100);
  for (const file of files) expect(nodes(parser, file), file).toEqual(nodes(compiler, file));
});

test('it has all that the source names of the compiler, which the source takes from nowhere else', () => {
  let named = 0;
  for (const file of sources('src')) {
    const text = readFileSync(file, 'utf8');
    if (!file.endsWith('inspect/typescript.ts')) expect(text, file).not.toContain("'ts-morph'");
    if (!/^import \{ ts \} from/m.test(text)) continue;
    for (const [, name = ''] of text.matchAll(/(?<![\w.])ts\.(\w+)/g)) {
      if (!(name in compiler)) continue;
      expect(parser, `${file}: ts.${name}`).toHaveProperty(name);
      named += 1;
    }
    // By another way than `ts.name` the build would not find it.
    expect(text.match(/(?<![\w.$'"`/-])ts(?![\w.'"`$/?|\]-])(?! \} from)/g), file).toBeNull();
  }
  expect(named).toBeGreaterThan(500);
});
