import { describe, expect, test } from 'vitest';
import { readTemplates } from '../../src/cli/package-files.js';
import { USUAL_STYLE as style } from '../../src/inspect/code-style.js';
import type { Project } from '../../src/inspect/project.js';
import type { ProjectSchema } from '../../src/inspect/schema.js';
import { findDrift, planSync, type SyncInput } from '../../src/plan/commands/sync-plan.js';
import { EMPTY_LEDGER, withoutLedger } from '../../src/plan/schema/ledger.js';
import { renderSchemaFile } from '../../src/plan/schema/schema-file.js';
import { schemaRecord } from '../../src/plan/schema/schema-record.js';
import { collection, field, global, schema } from './schema-of.js';

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
    { text: expect.stringContaining("allowAuth: 'without-secrets'") },
  ]);
});

describe('a generated file that a person edited', () => {
  const venues = collection('venues', [field('code', 'text', { unique: true })]);
  const withEdit = (before: ProjectSchema, after: ProjectSchema, edit: (text: string) => string) => {
    const it = input(before, after);
    return { ...it, files: { ...it.files, [SCHEMA]: edit(it.files[SCHEMA]!) } };
  };
  const mine = (text: string) =>
    text.replace("posts: { slices: ['slug'] },", "posts: { slices: ['slug', 'title'] }, // by hand");

  test('is in step while the schema is as it was', () => {
    const { findings, plan } = sync(withEdit(schema([posts]), schema([posts]), mine));
    expect(findings).toMatchObject({ drift: false, changes: [], conflicts: [] });
    expect(plan.changes).toEqual([]);
  });

  test('keeps the edit where the schema changes elsewhere, again and again', () => {
    const after = schema([posts, venues]);
    const first = withEdit(schema([posts]), after, mine);
    const { findings, plan } = sync(first);
    expect(findings.changes.map(({ text }) => text)).toEqual(['collection `venues` was added']);
    expect(plan.notices).toEqual([`${SCHEMA} was changed by hand: what was changed there stays.`]);
    const written = plan.changes[0]!.after!;
    expect(written).toContain("posts: { slices: ['slug', 'title'] }, // by hand\n");
    expect(written).toContain("venues: { slices: ['code'] },\n");

    const second = { ...first, files: { ...first.files, [SCHEMA]: written } };
    expect(sync(second).plan.changes).toEqual([]);
    const gone = { ...second, project: { ...second.project, schema: schema([posts]) } };
    expect(sync(gone).plan.changes[0]!.after).toBe(first.files[SCHEMA]);
  });

  test('is no conflict where the person has written what is generated now', () => {
    const after = schema([posts, venues]);
    const generated = input(after, after).files[SCHEMA]!;
    const it = withEdit(schema([posts]), after, (text) => {
      const entry = / {4}venues: \{ slices.*\n/.exec(generated)![0];
      return text.replace(/( {4}posts: \{ slices.*\n)/, `$1${entry}`);
    });
    expect(sync(it).plan).toMatchObject({ refusals: [], changes: [{ after: generated }] });
  });

  test('is left alone where both changed one line, with both versions shown', () => {
    const unique = collection('posts', [field('slug', 'text'), field('code', 'text', { unique: true })]);
    const it = withEdit(schema([posts]), schema([unique]), mine);
    const { findings, plan } = sync(it);
    expect(findings.drift).toBe(true);
    expect(plan.changes).toEqual([]);
    const line = it.files[SCHEMA]!.split('\n').findIndex((each) => each.includes('// by hand')) + 1;
    expect(plan.refusals).toEqual([
      {
        path: SCHEMA,
        line,
        reason: expect.stringContaining('changed by hand'),
        instead: "    posts: { slices: ['slug', 'title'] }, // by hand\n",
        paste: "    posts: { slices: ['slug', 'code'] },\n",
      },
    ]);
  });

  test('may have been formatted as well', () => {
    const formatted = (text: string) =>
      mine(text)
        .replaceAll('  ', '\t')
        .replace(/'(\w+)'/g, '"$1"');
    const { plan } = sync(withEdit(schema([posts]), schema([posts, venues]), formatted));
    expect(plan.refusals).toEqual([]);
    expect(plan.changes[0]!.after).toContain('\t\tvenues: { slices: ["code"] },\n');
    expect(plan.changes[0]!.after).toContain('slices: ["slug", "title"] }, // by hand\n');
  });

  test('is written anew by force, and stops everything once nothing tells what it was', () => {
    const it = input(schema([posts]), schema([posts]));
    const changed = withEdit(schema([posts]), schema([posts]), mine);
    expect(sync({ ...changed, force: true }).plan.changes).toMatchObject([{ after: it.files[SCHEMA] }]);
    const bare = { ...it, files: { ...it.files, [SCHEMA]: withoutLedger(changed.files[SCHEMA]!) } };
    expect(() => findDrift(bare)).toThrow(
      expect.objectContaining({ code: 'SCHEMA_FILE_EDITED', nextStep: expect.stringContaining('--force') }),
    );
    const broken = { ...it, files: { ...it.files, [SCHEMA]: 'export {}' } };
    expect(() => findDrift(broken)).toThrow(expect.objectContaining({ code: 'SCHEMA_FILE_UNREADABLE' }));
    const anew = sync({ ...broken, force: true }).plan.changes;
    expect(anew).toMatchObject([{ after: it.files[SCHEMA] }]);
  });
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
