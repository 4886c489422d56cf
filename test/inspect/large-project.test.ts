import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inspectProject } from '../../src/inspect/project.js';
import { writeLargeProject } from '../support/large-project.js';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'payload-kv-large-'));
  writeLargeProject(cwd);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test('of 1,500 source files only those are read that the schema is made of', () => {
  const { filesRead, schema } = inspectProject({ cwd });
  expect(schema.collections).toHaveLength(61);
  expect(schema.unresolved).toEqual([]);
  const directories = new Map<string, number>();
  for (const file of filesRead) {
    const directory = path.posix.dirname(file);
    directories.set(directory, (directories.get(directory) ?? 0) + 1);
  }
  // The access functions, which tell whom a collection is for, and the one service that they name; no hook, no component.
  expect(Object.fromEntries(directories)).toEqual({
    src: 1,
    'src/access': 1,
    'src/services': 1,
    'src/blocks': 21,
    'src/collections': 61,
    'src/fields': 2,
  });
});
