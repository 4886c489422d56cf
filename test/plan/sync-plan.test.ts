import { expect, test } from 'vitest';
import { readTemplates } from '../../src/cli/package-files.js';
import type { CodeStyle } from '../../src/inspect/code-style.js';
import type { Project } from '../../src/inspect/project.js';
import type { ProjectSchema } from '../../src/inspect/schema.js';
import { EMPTY_LEDGER } from '../../src/plan/ledger.js';
import { renderSchemaFile } from '../../src/plan/schema-file.js';
import { schemaRecord } from '../../src/plan/schema-record.js';
import { findDrift, planSync, type SyncInput } from '../../src/plan/sync-plan.js';
import { collection, field, global, schema } from './schema-of.js';

const style: CodeStyle = {
  quotes: 'single',
  semicolons: true,
  indent: '  ',
  lineEnding: '\n',
  trailingCommas: true,
  importExtension: '',
};
const templates = readTemplates();
const WRAPPER = 'src/payload-kv/index.ts';
const SCHEMA = 'src/payload-kv/schema.generated.ts';
const posts = collection('posts', [field('slug', 'text')]);

const wrapper = `import { memory, payloadKV } from 'payload-kv';

export const cache = payloadKV({
  store: memory(),
  collections: {
    posts: { slices: ['slug'] }, // the blog
  },
  globals: {},
});
`;

function input(before: ProjectSchema | string | undefined, after: ProjectSchema, text = wrapper): SyncInput {
  const project = {
    configPath: 'src/payload.config.ts',
    configShape: { wired: { elements: 0 } },
    schema: after,
    style,
  } as unknown as Project;
  const generated =
    typeof before === 'object'
      ? renderSchemaFile(schemaRecord(before), {
          template: templates.schema,
          style,
          language: 'ts',
          ledger: EMPTY_LEDGER,
        })
      : before;
  return { project, files: { [WRAPPER]: text, [SCHEMA]: generated }, templates };
}

function sync(it: SyncInput, add: 'all' | 'none' = 'none') {
  const findings = findDrift(it);
  return { findings, plan: planSync(it, findings, add === 'all' ? findings.proposals : []) };
}

test('a project in step with its schema gets an empty plan', () => {
  const { findings, plan } = sync(input(schema([posts]), schema([posts])), 'all');
  expect(findings).toMatchObject({ drift: false, changes: [], proposals: [], warnings: [] });
  expect(plan.changes).toEqual([]);
});

test('after a change the generated file is written anew, and only that', () => {
  const after = schema([collection('posts', [field('slug', 'text'), field('title', 'text')])]);
  const it = input(schema([posts]), after);
  const { findings, plan } = sync(it);
  expect(findings.changes.map(({ text }) => text)).toEqual(['field `posts.title` (text) was added']);
  expect(plan.changes.map(({ path }) => path)).toEqual([SCHEMA]);
  const again = { ...it, files: { ...it.files, [SCHEMA]: plan.changes[0]!.after } };
  expect(sync(again).plan.changes).toEqual([]);
});

test('a missing generated file is drift, and is written', () => {
  const { findings, plan } = sync(input(undefined, schema([posts])));
  expect(findings).toMatchObject({ drift: true, missing: true, changes: [] });
  expect(plan.changes).toMatchObject([{ path: SCHEMA, before: undefined }]);
});

test('new collections and globals are proposed; the wrapper changes only for those that are taken', () => {
  const events = collection('site-events', [field('slug', 'text', { unique: true })]);
  const members = collection('members', [], { auth: true });
  const it = input(schema([posts]), schema([posts, events, members], [global('footer')]));
  expect(sync(it).plan.changes.map(({ path }) => path)).toEqual([SCHEMA]);
  const { findings, plan } = sync(it, 'all');
  expect(findings.proposals).toEqual([
    { slug: 'site-events', type: 'collection', line: "'site-events': { slices: ['slug'] }," },
    { slug: 'footer', type: 'global', line: 'footer: {},' },
  ]);
  const expected = wrapper
    .replace('// the blog\n', "// the blog\n    'site-events': { slices: ['slug'] },\n")
    .replace('globals: {}', 'globals: {\n    footer: {},\n  }');
  expect(plan.changes.find(({ path }) => path === WRAPPER)!.after).toBe(expected);
});

test('where everything is cached anyway, or the entries are not all known, nothing is proposed', () => {
  const after = schema([posts, collection('events')]);
  const all = wrapper.replace(/ {2}collections: \{[\s\S]*? {2}\},\n/, '');
  expect(all).not.toContain('collections');
  expect(sync(input(schema([posts]), after, all)).findings.proposals).toEqual([]);
  const spread = wrapper.replace('posts: {', '...shared,\n    posts: {');
  expect(sync(input(schema([posts]), after, spread)).findings.proposals).toEqual([]);
});

test("an entry of a collection that is gone is told with its line, and left: it is the user's", () => {
  const text = wrapper.replace('globals: {}', "globals: { 'old-header': {} }");
  const { findings, plan } = sync(input(schema([posts]), schema([collection('pages')]), text));
  expect(findings.warnings).toEqual([
    { line: 6, text: 'names the collection `posts`, which is gone: take the entry out' },
    { line: 8, text: 'names the global `old-header`, which is gone: take the entry out' },
  ]);
  expect(plan.changes.map(({ path }) => path)).toEqual([SCHEMA]);
});

test('a slice whose field is gone, or moved into a list, is told', () => {
  expect(sync(input(schema([posts]), schema([collection('posts')]))).findings.warnings).toEqual([
    { line: 6, text: '`posts` has no field `slug` any more: take it out of `slices`' },
  ]);
  const moved = collection('posts', [field('slug', 'text', { insideList: true })]);
  expect(sync(input(schema([posts]), schema([moved]))).findings.warnings).toMatchObject([
    { text: expect.stringContaining('can be no slice') },
  ]);
});

test('a cached collection that got auth is told', () => {
  const after = schema([{ ...posts, auth: true }]);
  expect(sync(input(schema([posts]), after)).findings.warnings).toMatchObject([
    { text: expect.stringContaining('allowAuth: true') },
  ]);
});

test('a generated file that a person edited stops it; force writes it anew', () => {
  const it = input(schema([posts]), schema([posts]));
  const edited = it.files[SCHEMA]!.replace("slug: 'text'", "slug: 'number'");
  const changed = { ...it, files: { ...it.files, [SCHEMA]: edited } };
  expect(() => findDrift(changed)).toThrow(
    expect.objectContaining({ code: 'SCHEMA_FILE_EDITED', nextStep: expect.stringContaining('--force') }),
  );
  expect(sync({ ...changed, force: true }).plan.changes).toMatchObject([{ after: it.files[SCHEMA] }]);
  const broken = { ...it, files: { ...it.files, [SCHEMA]: 'export {}' } };
  expect(() => findDrift(broken)).toThrow(expect.objectContaining({ code: 'SCHEMA_FILE_UNREADABLE' }));
  expect(sync({ ...broken, force: true }).plan.changes).toMatchObject([{ after: it.files[SCHEMA] }]);
});

test('without a wrapper it says to run init first', () => {
  const it = input(schema([posts]), schema([posts]));
  expect(() => findDrift({ ...it, files: {} })).toThrow(
    expect.objectContaining({
      code: 'NOT_INITIALISED',
      nextStep: expect.stringContaining('payload-kv init'),
    }),
  );
});
