import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Project } from 'ts-morph';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.js';
import { DOCUMENTS, readDocument } from './blocks.js';

const readme = readDocument('README.md');
const manifest = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  engines: { node: string };
};

/** First cells of the table under a line that begins with `lead`, without backticks. */
function firstCells(file: string, lead: string): string[] {
  const text = readDocument(file);
  const from = text.indexOf(`\n${lead}`);
  if (from < 0) throw new Error(`${file} has no line "${lead}"`);
  const [, table = ''] = /\n\n(\|.*?)\n\n/s.exec(text.slice(from)) ?? [];
  return table
    .split('\n')
    .slice(2)
    .map((row) => (row.split('|')[1] ?? '').trim().replaceAll('`', ''));
}

test('The tables of options name every option there is, and no other', () => {
  const source = new Project({ skipAddingFilesFromTsConfig: true }).addSourceFileAtPath(
    path.join(repository, 'src/runtime/policy/options.ts'),
  );
  const propertiesOf = (...names: string[]) =>
    names.flatMap((name) =>
      source
        .getInterfaceOrThrow(name)
        .getProperties()
        .map((property) => property.getName()),
    );
  expect(firstCells('docs/options.md', 'Those of `payloadKV()`').sort()).toEqual(
    propertiesOf('PayloadKVOptions').sort(),
  );
  expect(firstCells('docs/options.md', 'The policy of a collection or global:').sort()).toEqual(
    propertiesOf('GlobalPolicy', 'CollectionPolicy').sort(),
  );
});

test('Every dependency has its reason in the README', () => {
  expect(firstCells('README.md', 'A site loads none of them').sort()).toEqual(
    Object.keys(manifest.dependencies).sort(),
  );
});

test('The commands that the documents name for this repository exist', () => {
  const named = DOCUMENTS.flatMap((file) => [
    ...readDocument(file).matchAll(/\bnpm (?:run )?(test|demo|bench|pages|docs|dashboard|check|build)\b/g),
  ]);
  expect(named.length).toBeGreaterThan(3);
  for (const [, name = ''] of named) expect(manifest.scripts).toHaveProperty(name);
});

test('The versions in the README are those in package.json', () => {
  const [, oldest] = />=(\S+) <4/.exec(manifest.peerDependencies.payload ?? '') ?? [];
  const [, node] = />=(\d+\.\d+)/.exec(manifest.engines.node) ?? [];
  expect(readme).toContain(`Payload 3, from ${oldest} on`);
  expect(readme).toContain(`Node ${node} or newer`);
  for (const fixture of ['blog', 'cloudflare']) {
    const { dependencies } = JSON.parse(
      readFileSync(path.join(repository, 'fixtures', fixture, 'package.json'), 'utf8'),
    ) as { dependencies: Record<string, string> };
    expect(readme).toContain(dependencies.payload);
  }
});
