/**
 * Everything that `remove` would do, as a plan: the inverse of what the ledger says was written. Where the very lines
 * are no longer found, what is recognisably ours is taken out; what is neither is left and named.
 */
import { posix } from 'node:path';
import { OTHER_CACHES } from '../../inspect/other-caches.js';
import type { RemovableProject } from '../../inspect/removable.js';
import { readWrapper } from '../../inspect/wrapper/read-wrapper.js';
import { importsIn } from '../../inspect/written-imports.js';
import { IMPORT_MAP, withoutComponents } from '../admin/import-map.js';
import { DEFAULT_BINDING, DEFAULT_TAGS_BINDING, TAGS_CLASS } from '../answers.js';
import { NEXT_CONFIGS, namesHandler, OPEN_NEXT_CONFIG } from '../config/next-config-edit.js';
import { type GeneratedPaths, generatedPaths } from '../generated-paths.js';
import { dependsOn, withoutPackages, withoutScripts } from '../package-json-edit.js';
import type { FileChange, Plan, Refusal } from '../plan.js';
import { namesResponses, stillWrapped } from '../responses/route-undo.js';
import { contentHash, EMPTY_LEDGER, readLedger } from '../schema/ledger.js';
import { parseSchemaFile } from '../schema/schema-file.js';
import { countPutIn, undoHunks } from '../text/hunks.js';
import { declares } from '../wrangler/wrangler-types.js';
import { declarationsOf, namesIn } from '../wrangler/wrangler-unbind.js';
import {
  type Context,
  hunksTakenOut,
  type ImportInFile,
  lostWith,
  type RemoveInput,
  undone,
  wrapperTest,
} from './undone-file.js';

/** A file that stays although `init` created it. */
export interface KeptFile {
  path: string;
  /** Why, as the end of a sentence. */
  reason: string;
}

/** The plan of `remove`. */
export interface RemovePlan extends Plan {
  kept: KeptFile[];
}

/** The words by which files that may import what is removed are found. */
export const WORDS = ['payload-kv', 'ioredis'] as const;

/** Paths of all files that `remove` may touch; `schema` is the text of the generated schema. */
export function filesToRemove(project: RemovableProject, schema: string | undefined): string[] {
  const { wrapper, hooks, schema: schemaFile } = generatedPaths(project);
  const { files, edits } = readLedger(schema) ?? EMPTY_LEDGER;
  const { wrangler, cloudflareEnvTypes } = project;
  const others = [wrangler?.path, cloudflareEnvTypes].filter((path) => path !== undefined);
  const config = [...project.configChain, project.configShape.config.path];
  return [
    ...new Set([
      wrapper,
      hooks,
      schemaFile,
      'package.json',
      ...config,
      ...Object.keys({ ...files, ...edits }),
      ...others,
    ]),
  ];
}

/** The imports that were taken out of files, by what the generated schema says; they are to come back. */
export function importsToComeBack(schema: string | undefined): ImportInFile[] {
  const ledger = readLedger(schema) ?? EMPTY_LEDGER;
  return (ledger.takenOut ?? []).flatMap((path) =>
    hunksTakenOut(ledger, path).flatMap(({ removed }) =>
      importsIn(removed).map(({ specifier }) => ({ path, specifier })),
    ),
  );
}

/** The plan of `remove`. */
export function planRemove(input: RemoveInput): RemovePlan {
  const { project, files } = input;
  const paths = generatedPaths(project);
  const known = readLedger(files[paths.schema]);
  const ledger = known ?? EMPTY_LEDGER;
  const wrapper = files[paths.wrapper];
  const shape = wrapper === undefined ? undefined : readWrapper(wrapper, paths.wrapper).shape;
  const changes: FileChange[] = [];
  const refusals: Refusal[] = [];
  const notices: string[] = [];
  const context: Context = { input, paths, ledger, isKnown: known !== undefined, shape, notices };

  // Where nothing of `init` is left, what looks like it is the person's own.
  const isHere = hasTraces(input, paths);
  const sources = isHere ? input.sources : {};
  const routes = Object.keys(sources).filter((path) => namesResponses(sources[path]!, path));
  const edited = new Set([...Object.keys(ledger.edits), ...configFiles(project), ...routes]);
  edited.delete('package.json');
  for (const path of edited) {
    const before = files[path] ?? input.sources[path];
    if (before === undefined) {
      notices.push(...lostWith(path, ledger));
      continue;
    }
    const result = undone(context, path, before);
    if (!result.ok) {
      const { reason, line, paste } = result;
      refusals.push({ path, ...(line === undefined ? {} : { line }), reason, paste, by: 'remove' });
    } else {
      if (result.modified) changes.push({ path, before, after: result.content });
      const left = stillNamed(path, result.content) ?? stillWrapped(result.content, path);
      if (left) refusals.push(left);
      refusals.push(...(result.lost ?? []));
    }
  }

  for (const [path, before] of Object.entries(sources)) {
    const after = path.endsWith(`/${IMPORT_MAP}`) ? withoutComponents(before) : before;
    if (after !== before) changes.push({ path, before, after });
  }

  const { deleted, kept } = created(context, changes);
  for (const path of deleted) changes.push({ path, before: files[path], after: undefined });
  undoPackageJson(context, changes, kept);
  notices.push(...notInstalled(input, changes));
  notices.push(...stillBound(context, { changes, refusals }), ...elsewhere(context, changes));
  changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { changes, refusals, notices, kept };
}

/** What a Next config still names of this package, since somebody has changed the line: its build would fail without. */
function stillNamed(path: string, text: string): Refusal | undefined {
  if (![...NEXT_CONFIGS, OPEN_NEXT_CONFIG].some((name) => name === path)) return undefined;
  const lines = text.split(/\r?\n/);
  const at = lines.findIndex(namesHandler);
  if (at === -1) return undefined;
  return {
    path,
    line: at + 1,
    reason: 'It names a cache handler of this package, in lines that are not as init wrote them.',
    paste: (lines[at] ?? '').trim(),
    by: 'remove',
  };
}

/** Whether anything is left that only `init` writes: one of its files, an import of its wrapper, its scripts. */
function hasTraces({ project, files }: RemoveInput, paths: GeneratedPaths): boolean {
  const manifest = files['package.json'] ?? '';
  const wiring = project.configShape.wired.import;
  return (
    [paths.wrapper, paths.hooks, paths.schema].some((path) => files[path] !== undefined) ||
    (wiring !== undefined && wrapperTest(wiring.file, paths)(wiring.specifier)) ||
    withoutScripts(manifest) !== manifest
  );
}

function configFiles({ configChain, configShape }: RemovableProject): string[] {
  const { config, wired } = configShape;
  return [...configChain, config.path, ...(wired.import ? [wired.import.file] : [])];
}

// ---- bindings -----------------------------------------------------------------------------------------------------

/**
 * What the wrapper reads and nothing tells the origin of: it may be the person's, so that it stays and is named. Where
 * neither the wrapper nor the ledger is there any more, what `init` calls it unless it is told otherwise.
 */
function stillBound(
  { shape, input, isKnown }: Context,
  { changes, refusals }: Pick<Plan, 'changes' | 'refusals'>,
): string[] {
  const { wrangler, cloudflareEnvTypes } = input.project;
  const names =
    shape === undefined && !isKnown
      ? [DEFAULT_BINDING, DEFAULT_TAGS_BINDING]
      : [shape?.store === 'cloudflareKV' ? shape.binding : undefined, shape?.tagsBinding];
  const textOf = (path: string | undefined) =>
    path === undefined || refusals.some((it) => it.path === path)
      ? ''
      : ((changes.find((it) => it.path === path) ?? { after: input.files[path] }).after ?? '');
  const [bound, declared] = [textOf(wrangler?.path), textOf(cloudflareEnvTypes)];
  return names.flatMap((name) => {
    if (name === undefined) return [];
    const places = [
      ...(declarationsOf(bound, name) > 0 ? [wrangler?.path] : []),
      ...(declared.split('\n').some((line) => declares(line, name)) ? [cloudflareEnvTypes] : []),
    ];
    if (places.length === 0) return [];
    const verb = places.length > 1 ? 'have' : 'has';
    return [
      `${places.join(' and ')} ${verb} ${name}, and nothing tells that init put it there: take it out if nothing else uses it.`,
    ];
  });
}

// ---- created files ------------------------------------------------------------------------------------------------

/** Which of the created files go: those that nobody changed and that nothing left imports. */
function created(context: Context, changes: readonly FileChange[]): { deleted: string[]; kept: KeptFile[] } {
  const { input, paths, ledger } = context;
  const { files, force } = input;
  const all = [...new Set([...Object.keys(ledger.files), paths.wrapper, paths.hooks, paths.schema])];
  const deleted = new Set(all.filter((path) => files[path] !== undefined));
  const kept: KeptFile[] = [];
  const keep = (path: string, reason: string) => {
    deleted.delete(path);
    kept.push({ path, reason });
  };
  for (const path of [...deleted]) if (!force && isChanged(context, path)) keep(path, 'you changed it');
  // What is kept keeps what it imports.
  for (let found = true; found; ) {
    found = false;
    for (const [path, text] of Object.entries(remaining(context, changes, deleted))) {
      for (const { specifier, line } of importsIn(text)) {
        const target = [...deleted].find((it) => isImport(specifier, path, it, paths));
        if (target === undefined) continue;
        keep(target, `${path}:${line} imports it`);
        found = true;
      }
    }
  }
  return { deleted: [...deleted].sort(), kept };
}

function isChanged({ input, paths, ledger }: Context, path: string): boolean {
  const text = input.files[path]!;
  if (path !== paths.schema) return ledger.files[path] !== contentHash(text);
  try {
    return parseSchemaFile(text, path).edited;
  } catch {
    return true;
  }
}

/** Texts of all source files as they are to be, without those that are deleted. */
function remaining(
  { input }: Context,
  changes: readonly FileChange[],
  deleted: ReadonlySet<string>,
): Record<string, string> {
  const texts: Record<string, string> = { ...input.sources };
  for (const { path, after } of changes) if (after !== undefined) texts[path] = after;
  for (const path of deleted) delete texts[path];
  return Object.fromEntries(Object.entries(texts).filter(([path]) => /\.[cm]?[jt]sx?$|\.\w+$/.test(path)));
}

/** Whether an import in `from` leads to one of the created files. */
function isImport(specifier: string, from: string, target: string, { directory }: GeneratedPaths): boolean {
  const bare = (path: string) => path.replace(/\.[cm]?[jt]s$/, '').replace(/\/index$/, '');
  if (/^\.{1,2}(\/|$)/.test(specifier))
    return bare(posix.join(posix.dirname(from), specifier)) === bare(target);
  // By an alias: what ends as the path does.
  const name = posix.basename(directory);
  const tail = bare(target).slice(bare(target).lastIndexOf(name));
  return target.startsWith(`${directory}/`) && bare(specifier).endsWith(`/${tail}`);
}

// ---- package.json -------------------------------------------------------------------------------------------------

function undoPackageJson(context: Context, changes: FileChange[], kept: readonly KeptFile[]): void {
  const { input, ledger, isKnown, notices } = context;
  const before = input.files['package.json'];
  if (before === undefined) return;
  const deleted = new Set(changes.filter(({ after }) => after === undefined).map(({ path }) => path));
  const sources = Object.entries(remaining(context, changes, deleted));
  const importersOf = (name: string) =>
    sources.flatMap(([path, text]) => {
      const found = importsIn(text).find(({ specifier: it }) => it === name || it.startsWith(`${name}/`));
      return found ? [`${path}:${found.line}`] : [];
    });
  const hunks = ledger.edits['package.json'] ?? [];
  const isOurs = (name: string) => countPutIn(hunks, (text) => text.split(`"${name}"`).length - 1) > 0;
  const used = ['payload-kv', 'ioredis'].filter((name) => {
    const importers = name === 'payload-kv' || isOurs(name) ? importersOf(name) : [];
    const verb = importers.length > 1 ? 'import' : 'imports';
    if (importers.length > 0 && dependsOn(before, name))
      notices.push(`\`${name}\` stays a dependency: ${importers.join(' and ')} ${verb} it.`);
    return importers.length > 0;
  });
  if (used.includes('payload-kv')) {
    // Who still uses this package may need the client that it loads; the scripts are for files that are kept.
    const after = kept.length > 0 ? before : withoutScripts(before);
    if (after !== before) changes.push({ path: 'package.json', before, after });
    return;
  }
  const { text, missed } = undoHunks(before, hunks);
  const ours = ['payload-kv', 'ioredis'].filter((name) => isOurs(name) && !used.includes(name));
  const isWhole = used.length === 0 && missed.length === 0 && hunks.length > 0;
  const after = isWhole ? text : withoutScripts(withoutPackages(before, ours));
  if (after !== before) changes.push({ path: 'package.json', before, after });
  if (dependsOn(after, 'payload-kv')) {
    const why = isKnown ? 'as it was before `init`' : 'since nothing tells that `init` put it there';
    notices.push(
      `\`payload-kv\` stays a dependency, ${why}: \`${uninstallCommand(input.project)}\`, if you are done with it.`,
    );
  }
}

function uninstallCommand({ packageManager }: RemovableProject): string {
  return `${packageManager} ${packageManager === 'npm' ? 'uninstall' : 'remove'} payload-kv`;
}

// ---- what is not in the project -----------------------------------------------------------------------------------

/** Plugins that come back into a file, and that nobody would install. */
function notInstalled({ files }: RemoveInput, changes: readonly FileChange[]): string[] {
  const isIn = (text: string | undefined, name: string) =>
    importsIn(text ?? '').some(({ specifier }) => specifier === name);
  return Object.keys(OTHER_CACHES).flatMap((name) => {
    const back = changes.find(({ before, after }) => isIn(after, name) && !isIn(before, name));
    return !back || files['package.json']?.includes(`"${name}"`) !== false
      ? []
      : [`${back.path} has \`${name}\` again, which package.json does not: install it again.`];
  });
}

/** What `init` led to outside of the project's files, by what goes now and by what the wrapper says. */
function elsewhere({ shape, input }: Context, changes: readonly FileChange[]): string[] {
  const wrangler = changes.find(({ path }) => path === input.project.wrangler?.path);
  const [before, after] = [wrangler?.before ?? '', wrangler?.after ?? ''];
  const isGoing = shape !== undefined && changes.some((change) => change.after === undefined);
  const unbound = namesIn(before, 'binding').some((name) => declarationsOf(after, name) === 0);
  const notices: string[] = [];
  if (unbound || (isGoing && shape.store === 'cloudflareKV' && input.project.wrangler)) {
    notices.push(
      `The KV namespace stays at Cloudflare with its entries, where it was created: \`wrangler kv namespace list\` and \`delete\` show and remove it.`,
    );
  }
  const isUndeclared = before.includes(TAGS_CLASS) && !after.includes(TAGS_CLASS);
  if (isUndeclared || (isGoing && shape.registry === 'durableObjectRegistry')) {
    notices.push(
      `A Worker that was deployed with ${TAGS_CLASS} needs one more migration instead of none: { "tag": …, "deleted_classes": ["${TAGS_CLASS}"] }.`,
    );
  }
  if (isGoing && shape.registry === 'databaseRegistry') {
    notices.push('The table of the tag versions stays in the database until a migration drops it.');
  }
  return notices;
}
