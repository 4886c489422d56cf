/** Everything that `sync` would do, as a plan, and what it has to say. */
import { PayloadKVError } from '../../errors.js';
import type { Project } from '../../inspect/project.js';
import { type CollectionSchema, type FieldSchema, PREFERENCES } from '../../inspect/schema.js';
import { readWrapper } from '../../inspect/wrapper/read-wrapper.js';
import type { PoliciesShape, WrapperShape } from '../../inspect/wrapper/shape.js';
import { isInternalCollection } from '../answers.js';
import { generatedPaths, languageOf } from '../generated-paths.js';
import { reasonAgainst, reasonAgainstGlobal } from '../left-out.js';
import type { Plan, ProjectFiles } from '../plan.js';
import { EMPTY_LEDGER, readLedger, recordChanges, withLedger, withoutLedger } from '../schema/ledger.js';
import { diffSchemas, type SchemaChange } from '../schema/schema-diff.js';
import { parseSchemaFile, renderSchemaFile, type SchemaFile } from '../schema/schema-file.js';
import { type CollectionRecord, type SchemaRecord, schemaRecord } from '../schema/schema-record.js';
import { fileStyle } from '../text/file-style.js';
import { propertyKey } from '../text/literal.js';
import { type MergeConflict, mergeTexts } from '../text/merge.js';
import { restyle } from '../text/restyle.js';
import { applyEdits, type Edit, insertMember, lineEndingOf } from '../text/splice.js';
import type { Templates } from '../text/template.js';
import { printPolicy } from '../wrapper/wrapper-file.js';

/** What the plan of `sync` is made of. */
export interface SyncInput {
  project: Project;
  files: ProjectFiles;
  templates: Templates;
  /** Overwrites a generated file that somebody edited or that cannot be read. */
  force?: boolean;
}

/** A policy entry that `sync` proposes for a collection or global that is new. */
export interface PolicyProposal {
  slug: string;
  type: 'collection' | 'global';
  /** The entry as it would stand in the wrapper, in the project's style. */
  line: string;
  /** What speaks against it; it is added only where it is named. */
  reason?: string;
}

/** Something in the wrapper that the schema no longer bears out. It is the user's, so it is told, not changed. */
export interface PolicyWarning {
  line: number;
  text: string;
}

/** What `sync` found. */
export interface SyncFindings {
  /** Whether the generated file has to be written. */
  drift: boolean;
  /** Whether there was no generated file. */
  missing: boolean;
  changes: SchemaChange[];
  /** Entries for what is new. */
  proposals: PolicyProposal[];
  /** Entries for everything that has none and could have one, whether it is new or not. */
  addable: PolicyProposal[];
  warnings: PolicyWarning[];
  /** What the generated file is to be where somebody edited it: their changes and ours. */
  merged?: string;
  /** Where their changes and ours meet: the file is left alone then. */
  conflicts: MergeConflict[];
}

/**
 * Compares the project with its generated schema.
 * @throws PayloadKVError `NOT_INITIALISED`, `SCHEMA_FILE_EDITED`, `SCHEMA_FILE_UNREADABLE`
 */
export function findDrift({ project, files, templates, force }: SyncInput): SyncFindings {
  const paths = generatedPaths(project);
  const wrapper = files[paths.wrapper];
  const text = files[paths.schema];
  if (wrapper === undefined) {
    throw new PayloadKVError({
      code: 'NOT_INITIALISED',
      message: `There is no ${paths.wrapper}: this project has no cache yet.`,
      location: { file: project.configPath },
      nextStep: 'Run `payload-kv init` first.',
    });
  }
  const shape = readWrapper(wrapper, paths.wrapper).shape;
  const now = schemaRecord(project.schema);
  const before = text === undefined ? undefined : readSchemaFile(text, paths.schema, force);
  const base = readLedger(text)?.schema;
  const merge =
    before?.edited && !force && base
      ? mergeEdited(project, text!, base, now, templates.schema)
      : { conflicts: [] };
  if (before?.edited && !force && !base) {
    throw new PayloadKVError({
      code: 'SCHEMA_FILE_EDITED',
      message: `${paths.schema} was changed by hand since it was written, and its last line no longer tells how.`,
      location: { file: paths.schema },
      nextStep:
        'Move the change to the collections themselves; `payload-kv sync --force` writes the file anew.',
    });
  }
  // What a person changed in the file is no change of the schema.
  const known = before?.edited && base ? base : before?.record;
  const changes = known ? diffSchemas(known, now) : [];
  const addable = shape ? addableTo(shape, project, now) : [];
  const isMerged = before?.edited && !force;
  return {
    drift: isMerged
      ? merge.conflicts.length > 0 || withoutLedger(text!) !== merge.merged
      : before === undefined || before.edited || before.record.fingerprint !== now.fingerprint,
    missing: text === undefined,
    changes,
    proposals: addable.filter(({ type, slug }) =>
      changes.some((change) => change.kind === `${type}-added` && change.slug === slug),
    ),
    addable,
    warnings: shape ? warningsFor(project, shape) : [],
    ...merge,
  };
}

/** A file that somebody edited, brought up to date: their changes stay, as far as the schema's are elsewhere. */
function mergeEdited(
  project: Project,
  text: string,
  base: SchemaRecord,
  now: SchemaRecord,
  template: string,
): { merged?: string; conflicts: MergeConflict[] } {
  const path = generatedPaths(project).schema;
  const theirs = withoutLedger(text);
  // In the style that the file has by now, so that a formatter's work is no change.
  const options = { template, style: fileStyle(theirs, path, project.style), language: languageOf(path) };
  const result = mergeTexts(renderSchemaFile(base, options), theirs, renderSchemaFile(now, options));
  if (!result.ok) return { conflicts: result.conflicts };
  try {
    parseSchemaFile(result.text, path);
  } catch {
    // Line by line it fits, and makes no sense: a person has to look.
    return { conflicts: [{ line: 1, theirs, ours: renderSchemaFile(now, options) }] };
  }
  return { merged: result.text, conflicts: [] };
}

/** The plan of `sync`: the generated file anew, and the entries of `add` in the wrapper. */
export function planSync(input: SyncInput, findings: SyncFindings, add: readonly PolicyProposal[]): Plan {
  const { project, files, templates } = input;
  const paths = generatedPaths(project);
  const plan: Plan = { changes: [], refusals: [], notices: [] };
  if (add.length > 0) {
    const before = files[paths.wrapper]!;
    const added = addPolicies(before, add, project, paths.wrapper);
    if (added.after !== before) plan.changes.push({ path: paths.wrapper, before, after: added.after });
    for (const { type, line } of added.left) {
      const reason = `\`${type}s\` is no object literal, so nothing can be added to it.`;
      plan.refusals.push({ path: paths.wrapper, reason, paste: line });
    }
  }
  const before = files[paths.schema];
  const known = readLedger(before);
  const ledger = recordChanges(known ?? EMPTY_LEDGER, plan.changes);
  for (const { line, theirs, ours } of findings.conflicts) {
    const reason = 'It was changed by hand where the schema has changed as well.';
    plan.refusals.push({ path: paths.schema, line, reason, paste: ours, instead: theirs });
  }
  if (findings.conflicts.length > 0) return plan;
  if (findings.merged !== undefined && findings.drift) {
    plan.notices.push(`${paths.schema} was changed by hand: what was changed there stays.`);
  }
  if (findings.drift) {
    const record = schemaRecord(project.schema);
    const options = {
      template: templates.schema,
      style: project.style,
      language: languageOf(paths.schema),
      ledger,
    };
    const after =
      findings.merged === undefined
        ? renderSchemaFile(record, options)
        : withLedger(findings.merged, { ...ledger, schema: record });
    plan.changes.push({ path: paths.schema, before, after });
  } else if (before !== undefined && known && JSON.stringify(ledger) !== JSON.stringify(known)) {
    plan.changes.push({ path: paths.schema, before, after: withLedger(before, ledger) });
  }
  return plan;
}

function readSchemaFile(text: string, path: string, force?: boolean): SchemaFile | undefined {
  try {
    return parseSchemaFile(text, path);
  } catch (error) {
    if (force && error instanceof PayloadKVError) return undefined;
    throw error;
  }
}

function addableTo(shape: WrapperShape, project: Project, now: SchemaRecord): PolicyProposal[] {
  return (['collection', 'global'] as const).flatMap((type) => {
    // Without the option everything is cached; an entry would turn that into a list of one.
    const policies = shape[`${type}s`];
    if (!policies || policies.open) return [];
    return Object.keys(now[`${type}s`]).flatMap((slug): PolicyProposal[] => {
      const record = type === 'collection' ? now.collections[slug] : undefined;
      if (record?.auth || isInternalCollection(slug)) return [];
      if (policies.entries.some((entry) => entry.slug === slug)) return [];
      const reason = reasonFor(project, type, slug);
      const line = policyLine(slug, record, project);
      return [{ slug, type, line, ...(reason === undefined ? {} : { reason }) }];
    });
  });
}

function reasonFor({ schema }: Project, type: PolicyProposal['type'], slug: string): string | undefined {
  if (type === 'global') {
    const global = schema.globals.find((it) => it.slug === slug);
    return global && reasonAgainstGlobal(global);
  }
  const collection = schema.collections.find((it) => it.slug === slug);
  return collection && reasonAgainst(collection);
}

function policyLine(slug: string, record: CollectionRecord | undefined, { style }: Project): string {
  const code = `({\n${propertyKey(slug)}: ${printPolicy({ slices: [...(record?.slices ?? [])] })},\n})`;
  const restyled = restyle(code, { ...style, indent: '  ', lineEnding: '\n' });
  return `${restyled.slice('({\n'.length, -'\n})'.length).replace(/,$/, '')},`;
}

function addPolicies(
  text: string,
  add: readonly PolicyProposal[],
  project: Project,
  path: string,
): { after: string; left: PolicyProposal[] } {
  const left: PolicyProposal[] = [];
  let after = text;
  for (const proposal of add) {
    const policies = readWrapper(after, path).shape?.[`${proposal.type}s`];
    if (!policies) left.push(proposal);
    else after = applyEdits(after, entryEdits(after, policies, proposal.line.replace(/,$/, ''), project));
  }
  return { after, left };
}

function entryEdits(text: string, policies: PoliciesShape, entry: string, { style }: Project): Edit[] {
  return insertMember(text, policies, entry, {
    indent: style.indent,
    lineEnding: lineEndingOf(text),
    trailingComma: style.trailingCommas,
    ownLine: true,
  });
}

function warningsFor({ schema }: Project, shape: WrapperShape): PolicyWarning[] {
  const collections = new Map(schema.collections.map((it) => [it.slug, it]));
  const globals = new Set(schema.globals.map(({ slug }) => slug));
  const ofCollections = (shape.collections?.entries ?? []).flatMap(({ slug, line, slices, allowAuth }) => {
    const collection = collections.get(slug);
    if (slug === PREFERENCES) return [];
    if (!collection)
      return [{ line, text: `names the collection \`${slug}\`, which is gone: take the entry out` }];
    const texts = slices.flatMap((path) => sliceWarning(collection, path));
    if (collection.auth && !allowAuth) {
      texts.push(`\`${slug}\` has auth, so it is not cached without \`allowAuth: 'without-secrets'\``);
    }
    return texts.map((text) => ({ line, text }));
  });
  const ofGlobals = (shape.globals?.entries ?? [])
    .filter(({ slug }) => !globals.has(slug))
    .map(({ slug, line }) => ({
      line,
      text: `names the global \`${slug}\`, which is gone: take the entry out`,
    }));
  return [...ofCollections, ...ofGlobals];
}

function sliceWarning(collection: CollectionSchema, path: string): string[] {
  const field = collection.fields.find((it) => it.path === path);
  // What only `payload-types.ts` told has no flags to judge by.
  if (!field) return [`\`${collection.slug}\` has no field \`${path}\` any more: take it out of \`slices\``];
  if (collection.origin === 'config' && !isSliceable(field)) {
    return [
      `\`${collection.slug}.${path}\` can be no slice: it is a date, virtual, in a list, or leads to several collections`,
    ];
  }
  return [];
}

function isSliceable({ type, virtual, insideList, relationTo }: FieldSchema): boolean {
  return type !== 'date' && !virtual && !insideList && (relationTo?.length ?? 1) === 1;
}
