import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { SanitizedConfig } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectProject } from '../../src/inspect/project.js';
import {
  bundleConfigs,
  describeEdit,
  describeProject,
  type EditedForm,
  editForm,
  formFile,
  formNames,
  makeSite,
  pasteAsTold,
  type Site,
  typeErrors,
  wire,
} from './forms.js';
import { comparable, truthOf } from './sanitised.js';

const BY_HAND = '.by-hand';
const names = formNames();
let site: Site;
let forms: Map<string, EditedForm>;
let errors: Map<string, string[]>;
let bundles: Record<string, string>;
/** The forms that are refused, once more, with the lines pasted. */
let byHand: Map<string, EditedForm>;
let siteByHand: Site;
const isRefused = (name: string) => existsSync(formFile(name, 'refusal.txt'));

beforeAll(async () => {
  site = makeSite();
  forms = new Map(names.map((name) => [name, editForm(name, site)]));
  const edited = [...forms.values()].filter(({ project, runs }) => project && runs);
  siteByHand = makeSite();
  byHand = new Map(names.filter(isRefused).map((name) => [name, editForm(name, siteByHand)]));
  for (const { edit, file, project } of byHand.values()) {
    if (!edit || edit.ok) throw new Error(`${project?.root} is not refused`);
    writeFileSync(file!, pasteAsTold(readFileSync(file!, 'utf8'), edit));
  }
  errors = typeErrors([...edited, ...byHand.values()].map(({ file }) => file!));
  const entriesOf = (all: EditedForm[], suffix: string) =>
    all.map(({ name, project }) => [name + suffix, `${project!.root}/${project!.configPath}`]);
  const entries = [...entriesOf(edited, ''), ...entriesOf([...byHand.values()], BY_HAND)];
  bundles = await bundleConfigs(Object.fromEntries(entries), site);
});
afterAll(() => {
  site?.remove();
  siteByHand?.remove();
});

describe.each(names)('%s', (name) => {
  test('is read as it should be, or refused', async () => {
    const { project, error } = forms.get(name)!;
    if (project) {
      await expect(describeProject(project)).toMatchFileSnapshot(formFile(name, 'schema.txt'));
      return;
    }
    const { code, message, location, nextStep } = error!;
    const place = location ? `at ${location.file}:${location.line ?? '?'}\n` : '';
    const told = `${code}\n${message}\n${place}${nextStep}\n`.replaceAll(
      forms.get(name)!.directory,
      '<project>',
    );
    await expect(told).toMatchFileSnapshot(formFile(name, 'error.txt'));
  });

  // A test that does not apply is not declared: a skipped one would look like a gap.
  if (existsSync(formFile(name, 'error.txt'))) return;
  test('is edited as it should be, so that it type-checks, runs the cache, and is what was read', async () => {
    const form = forms.get(name)!;
    if (!form.project) throw form.error;
    await expect(describeEdit(form)).toMatchFileSnapshot(
      formFile(name, form.edit!.ok ? 'edit.diff' : 'refusal.txt'),
    );
    if (!form.runs) return;
    expect(errors.get(form.file!)).toEqual([]);

    const { default: exported } = (await import(bundles[name]!)) as { default: Promise<SanitizedConfig> };
    const config = await exported;
    expect(config.custom?.cached).toBe(form.edit!.ok ? true : undefined);
    const { schema } = form.project;
    const truth = truthOf(config);
    const slugs = ({
      collections,
      globals,
    }: {
      collections: { slug: string }[];
      globals: { slug: string }[];
    }) => [...collections, ...globals].map(({ slug }) => slug);
    expect(slugs(schema)).toEqual(expect.arrayContaining(slugs(truth)));
    // What a condition decides is taken as present, and may be absent here.
    const isOpen = ({ part, reason }: { part: string; reason: string }) =>
      part !== 'plugins' || reason.endsWith('taken as present');
    if (schema.unresolved.some(isOpen)) return;
    const plain = (entities: typeof truth.collections | typeof schema.collections | typeof schema.globals) =>
      comparable<any>(entities as any).map(({ location: _, origin: __, access: ___, ...entity }) => entity);
    expect(plain(schema.collections)).toEqual(comparable(truth.collections));
    expect(plain(schema.globals)).toEqual(comparable(truth.globals));
  });

  if (isRefused(name)) {
    test('has the cache once the lines are pasted as told: they type-check, run, and are known', async () => {
      const { file, project } = byHand.get(name)!;
      expect(errors.get(file!)).toEqual([]);
      const { default: exported } = (await import(bundles[name + BY_HAND]!)) as {
        default: Promise<SanitizedConfig>;
      };
      expect((await exported).custom?.cached).toBe(true);
      const again = inspectProject({ cwd: project!.root, config: project!.configPath });
      expect(again.configShape.wired.elements).toBe(1);
      expect(wire(again).edit).toMatchObject({ ok: true, modified: false });
    });
    return;
  }
  test('is left alone the second time', () => {
    const { project, edit } = forms.get(name)!;
    if (!project || !edit?.ok) throw new Error('nothing was edited');
    const again = inspectProject({ cwd: project.root, config: project.configPath });
    expect(again.configShape.wired.elements).toBe(1);
    expect(wire(again).edit).toEqual({ ok: true, content: edit.content, modified: false });
  });
});
