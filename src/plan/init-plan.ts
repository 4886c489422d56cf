/** Everything that `init` would do, as a plan. */
import { posix } from 'node:path';
import { PayloadKVError } from '../errors.js';
import { isExact } from '../inspect/exact-schema.js';
import { exportsName } from '../inspect/exported-value.js';
import type { Project } from '../inspect/project.js';
import type { WranglerConfig } from '../inspect/wrangler.js';
import { readWrapper } from '../inspect/wrapper/read-wrapper.js';
import type { WrapperShape } from '../inspect/wrapper/shape.js';
import type { Answers } from './answers.js';
import { wireConfig } from './config-edit.js';
import { declareBinding, envTypeName } from './env-types-edit.js';
import { type GeneratedPaths, generatedPaths, languageOf } from './generated-paths.js';
import { type CachedChange, followCached } from './hooks-edit.js';
import { EMPTY_LEDGER, readLedger, recordChanges, withLedger } from './ledger.js';
import { type LeftoverPlan, leftoversOf, planLeftovers, REDIS_CLIENT, wordsOf } from './leftovers.js';
import { editPackageJson, scriptsOf } from './package-json-edit.js';
import type { FileChange, Plan, Refusal, TransformResult } from './plan.js';
import { refuseOpenAuth } from './refuse-open-auth.js';
import { isCachedLocally } from './remote-database.js';
import { renderSchemaFile } from './schema-file.js';
import { schemaRecord } from './schema-record.js';
import type { Templates } from './template.js';
import { typedSlugs } from './types-slugs.js';
import { exportTagsClass, type WorkerEntryEdit, workerFiles } from './worker-entry.js';
import { bindDurableObject } from './wrangler-durable-object.js';
import {
  bindKVNamespace,
  idsOf,
  type NamespaceIds,
  type Place,
  placesWithoutNamespace,
  placesWithPlaceholder,
} from './wrangler-edit.js';
import { declaresAll, takeTypes, type WranglerTypes } from './wrangler-types.js';
import { type AnswerChanges, changeAnswers } from './wrapper-edit.js';
import { renderHooks, renderWrapper, type WrapperContext } from './wrapper-file.js';

/** Texts of the project's files by path relative to its root; absent where there is no such file. */
export type ProjectFiles = Readonly<Record<string, string | undefined>>;

/** What the plan of `init` is made of. */
export interface InitInput {
  project: Project;
  files: ProjectFiles;
  /** Absent where the wrapper is there already: then the file says what was answered. */
  answers?: Answers;
  /** Other answers for a wrapper that is there already. */
  changes?: AnswerChanges;
  templates: Templates;
  /** The range to write into `package.json`. */
  packageRange: string;
  /** Whether the project's wrangler creates a namespace without an id at deploy. */
  wranglerProvisions: boolean;
  /** Ids of namespaces that were created for it, or stand for those that are about to be. */
  namespaceIds?: NamespaceIds;
  /** Texts of the source files that may use what other answers leave behind: see {@link leftBehind}. Default none. */
  sources?: Readonly<Record<string, string>>;
  /** What `wrangler types` makes of this very plan. Without it, the types of the env are edited. */
  wranglerTypes?: WranglerTypes;
}

/** Paths of all files whose text a plan needs, besides those that inspection has read. */
export function filesToRead(project: Project): string[] {
  const { wrapper, hooks, schema } = generatedPaths(project);
  const { wrangler, typesFile, cloudflareEnvTypes } = project;
  const modules = wrangler ? workerFiles(wrangler, isTyped(project)) : [];
  return [wrapper, hooks, schema, 'package.json', typesFile, cloudflareEnvTypes, ...modules].filter(
    (path) => path !== undefined,
  );
}

/** Whether a file of its own is TypeScript. */
function isTyped({ tsconfigPath }: Project): boolean {
  return tsconfigPath !== undefined;
}

/** The plan of `init`. */
export function planInit(input: InitInput): Plan {
  const { project, files, packageRange } = input;
  const { configShape, style } = project;
  const paths = generatedPaths(project);
  const collect = collector(files);
  refuseForeign(project, files);

  const before = files[paths.wrapper];
  const edit =
    before === undefined || !input.changes
      ? undefined
      : changeAnswers(before, paths.wrapper, input.changes, style);
  const existing = edit?.text ?? before;
  const oldShape = before === undefined ? undefined : readWrapper(before, paths.wrapper).shape;
  const shape = existing === undefined ? undefined : readWrapper(existing, paths.wrapper).shape;
  const setup = existing === undefined ? setupOf(input) : undefined;
  const wanted: Bindings = setup ? bindingsOf(setup.answers) : bindingsIn(shape);
  const usesKV = setup ? setup.answers.store === 'cloudflare-kv' : shape?.store === 'cloudflareKV';
  const withEnv = setup ? usesKV && configShape.cloudflareEnv !== undefined : shape?.takesEnv === true;

  if (setup) {
    const wrapper = renderWrapper(setup.answers, setup.context);
    refuseOpenAuth(readWrapper(wrapper, paths.wrapper).shape, paths.wrapper);
    collect.create(paths.wrapper, wrapper);
    if (files[paths.hooks] === undefined)
      collect.create(paths.hooks, renderHooks(setup.answers, setup.context));
    if (setup.notice) collect.notice(setup.notice);
  }
  if (edit && before !== undefined) {
    if (edit.text !== before) refuseOpenAuth(shape, paths.wrapper);
    collect.edit(paths.wrapper, before, { ok: true, content: edit.text, modified: edit.text !== before });
    for (const refusal of edit.refusals) collect.refuse(refusal);
    followHooks(input, { before: oldShape, after: shape }, collect);
  }
  if (existing !== undefined && shape?.exportsCache !== true) {
    collect.notice(`${paths.wrapper} exports no \`cache\`: it is kept as it is, and so is the config.`);
  } else if (withEnv && !configShape.cloudflareEnv && configShape.wired.elements === 0) {
    collect.notice(
      `${paths.wrapper} wants a Cloudflare env, and the config holds none: wire \`cache(env)\` into \`plugins\` by hand.`,
    );
  } else {
    collect.edit(
      configShape.config.path,
      configShape.config.text,
      wireConfig({ shape: configShape, paths, style, withEnv }),
    );
  }

  const leftovers = planLeftovers({
    project,
    leftovers: edit ? leftoversOf(oldShape, shape) : {},
    ...(wanted.entries === undefined ? {} : { renamedTo: wanted.entries }),
    ledger: readLedger(files[paths.schema]) ?? EMPTY_LEDGER,
    sources: withoutGenerated({ ...input.sources, [paths.wrapper]: existing ?? '' }, paths),
  });
  bind(input, wanted, leftovers, collect);
  for (const notice of leftovers.notices) collect.notice(notice);
  const packageJson = files['package.json'];
  if (packageJson !== undefined) {
    const usesRedis = setup
      ? [setup.answers.store, setup.answers.registry].includes('redis')
      : /\bredis(Registry)?\(\)/.test(existing ?? '') &&
        (edit === undefined || !/\bredis(Registry)?\(\)/.test(before ?? ''));
    if (usesRedis) {
      collect.notice(
        'Set REDIS_URL wherever the site runs, e.g. redis://127.0.0.1:6379: without it nothing is cached.',
      );
    }
    const others = usesRedis ? REDIS_CLIENT : {};
    collect.editInSteps('package.json', packageJson, [
      (content) => editPackageJson(content, packageRange, others, scriptsOf(isExact(project.schema))),
      leftovers.uninstall ?? unchanged,
    ]);
  }
  return withSchemaFile(collect.plan(), input);
}

/** The words by which the files are found that may use what other answers leave behind; none where nothing is. */
export function leftBehind({ project, files, changes }: InitInput): string[] {
  const { wrapper } = generatedPaths(project);
  const before = files[wrapper];
  if (before === undefined || !changes) return [];
  const { text } = changeAnswers(before, wrapper, changes, project.style);
  return wordsOf(leftoversOf(readWrapper(before, wrapper).shape, readWrapper(text, wrapper).shape));
}

function withoutGenerated(
  sources: Readonly<Record<string, string>>,
  { schema }: GeneratedPaths,
): Record<string, string> {
  return Object.fromEntries(Object.entries(sources).filter(([path]) => path !== schema));
}

/** Lets `hooks.ts` follow what is cached, and says which hooks stay. */
function followHooks({ project, files }: InitInput, change: CachedChange, collect: Collector): void {
  const { hooks } = generatedPaths(project);
  const before = files[hooks];
  if (before === undefined) return;
  const { text, kept } = followCached(before, hooks, change, project.style);
  collect.edit(hooks, before, { ok: true, content: text, modified: text !== before });
  for (const { slug, line } of kept) {
    collect.notice(
      `${hooks}:${line} has a hook of \`${slug}\`, which is no longer cached: it stays, and is called as before.`,
    );
  }
}

/** The same plan, with the generated schema where it is missing, and in it what the plan writes into other files. */
function withSchemaFile(plan: Plan, { project, files, templates }: InitInput): Plan {
  const path = generatedPaths(project).schema;
  const before = files[path];
  const known = readLedger(before);
  const ledger = recordChanges(known ?? EMPTY_LEDGER, plan.changes);
  if (before === undefined) {
    const options = { template: templates.schema, style: project.style, language: languageOf(path), ledger };
    plan.changes.push({ path, before, after: renderSchemaFile(schemaRecord(project.schema), options) });
  } else if (JSON.stringify(ledger) !== JSON.stringify(known ?? EMPTY_LEDGER)) {
    plan.changes.push({ path, before, after: withLedger(before, ledger) });
  }
  return { ...plan, changes: plan.changes.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** The environments for which a KV namespace has to be created, and how it is bound; none where it is bound already. */
export function namespacesToCreate(input: InitInput): { binding: string; places: Place[] } | undefined {
  const { project, files, answers, changes } = input;
  const paths = generatedPaths(project);
  const before = files[paths.wrapper];
  const text = before && changes ? changeAnswers(before, paths.wrapper, changes, project.style).text : before;
  const { entries } = answers
    ? bindingsOf(answers)
    : bindingsIn(text === undefined ? undefined : readWrapper(text, paths.wrapper).shape);
  if (entries === undefined || !project.wrangler) return undefined;
  const old = before === undefined ? undefined : readWrapper(before, paths.wrapper).shape?.binding;
  const carried = changes && old !== undefined ? idsOf(project.wrangler, old) : {};
  const places = [
    ...placesWithoutNamespace(project.wrangler, entries).filter((place) => !((place ?? '') in carried)),
    ...placesWithPlaceholder(project.wrangler, entries),
  ];
  return places.length > 0 ? { binding: entries, places } : undefined;
}

/** The names of what the wrangler config must declare. */
interface Bindings {
  /** The KV namespace of the entries. */
  entries?: string;
  /** The Durable Objects of the tag versions. */
  tags?: string;
}

function bindingsOf({ store, binding, registry, tagsBinding }: Answers): Bindings {
  return {
    ...(store === 'cloudflare-kv' ? { entries: binding } : {}),
    ...(registry === 'durable-object' ? { tags: tagsBinding } : {}),
  };
}

function bindingsIn(shape: WrapperShape | undefined): Bindings {
  return {
    ...(shape?.store === 'cloudflareKV' ? { entries: shape.binding } : {}),
    ...(shape?.registry === 'durableObjectRegistry' ? { tags: shape.tagsBinding } : {}),
  };
}

function bind(
  input: InitInput,
  { entries, tags }: Bindings,
  leftovers: LeftoverPlan,
  collect: Collector,
): void {
  const { project, files, wranglerProvisions } = input;
  const { wrangler, cloudflareEnvTypes } = project;
  if (entries === undefined && tags === undefined && !leftovers.unbind) return;
  const namespaceIds: NamespaceIds = { ...leftovers.ids, ...input.namespaceIds };
  if (wrangler) {
    for (const warning of wrangler.warnings) collect.notice(warning);
    const places = (entries === undefined ? [] : placesWithoutNamespace(wrangler, entries)).filter(
      (place) => !((place ?? '') in namespaceIds),
    );
    if (entries !== undefined && places.length > 0 && !wranglerProvisions) {
      const where = places.map((place) => (place === undefined ? '' : ` --env ${place}`));
      const commands = where.map((env) => `\`npx wrangler kv namespace create ${entries}${env}\``);
      collect.notice(
        `The installed wrangler creates no namespace by itself. Write the id of ${commands.join(' and ')} into ${wrangler.path}; until then doctor reports it.`,
      );
    }
    if (entries !== undefined && isCachedLocally(wrangler, entries)) {
      collect.notice(
        `The D1 database in ${wrangler.path} is \`remote\`, ${entries} is not: builds and scripts that use the deployed database would use a local cache beside it. Run them with PAYLOAD_KV_ENABLED=false, or make ${entries} \`remote\` as well once the namespace is there.`,
      );
    }
    const entryEdits = tags === undefined ? [] : exportTags(input, wrangler, collect);
    const mains = entryEdits.flatMap(({ main, newMain, result }) =>
      result.ok && main !== undefined && newMain !== undefined ? [{ from: main, to: newMain }] : [],
    );
    collect.editInSteps(wrangler.path, wrangler.content, [
      (content) =>
        entries === undefined
          ? unchanged(content)
          : bindKVNamespace({
              wrangler: { ...wrangler, content },
              binding: entries,
              provisions: wranglerProvisions,
              ids: namespaceIds,
            }),
      (content) =>
        tags === undefined
          ? unchanged(content)
          : bindDurableObject({ wrangler: { ...wrangler, content }, binding: tags, mains }),
      leftovers.unbind ?? unchanged,
    ]);
  } else {
    const what = [
      ...(entries === undefined ? [] : [`a KV namespace as ${entries}`]),
      ...(tags === undefined ? [] : [`Durable Objects as ${tags}`]),
    ];
    collect.notice(
      `There is no wrangler config beside the project: bind ${what.join(' and ')} where it is deployed.`,
    );
  }
  const types = cloudflareEnvTypes === undefined ? undefined : files[cloudflareEnvTypes];
  if (cloudflareEnvTypes === undefined || types === undefined) return;
  const written = byWrangler(input, types, { entries, tags }, leftovers.undeclared);
  if (written?.ok) {
    collect.edit(cloudflareEnvTypes, types, { ...written, modified: written.content !== types });
    return;
  }
  if (written) {
    collect.notice(
      `\`wrangler types\` ${written.reason}: only the type of the binding is added to ${cloudflareEnvTypes}.`,
    );
  }
  collect.editInSteps(cloudflareEnvTypes, types, [
    (content) =>
      tags === undefined
        ? unchanged(content)
        : declareBinding(content, tags, cloudflareEnvTypes, 'DurableObjectNamespace'),
    (content) =>
      entries === undefined ? unchanged(content) : declareBinding(content, entries, cloudflareEnvTypes),
    leftovers.undeclare ?? unchanged,
  ]);
}

/** The types of the env as wrangler wrote them, where they can be taken; `undefined` where it was not asked. */
function byWrangler(
  { wranglerTypes }: InitInput,
  before: string,
  { entries, tags }: Bindings,
  gone: string | undefined,
): { ok: true; content: string } | { ok: false; reason: string } | undefined {
  if (!wranglerTypes?.ok) return wranglerTypes;
  const bindings = [entries, tags].filter((name) => name !== undefined);
  const written = wranglerTypes.text;
  if (!declaresAll(written, bindings)) return { ok: false, reason: 'did not find every binding' };
  const all = gone === undefined ? bindings : [...bindings, gone];
  return takeTypes({ before, written, bindings: all, objects: tags !== undefined });
}

function unchanged(content: string): TransformResult {
  return { ok: true, content, modified: false };
}

/** Lets the Worker's main module export the class. */
function exportTags(
  { project, files, templates }: InitInput,
  wrangler: WranglerConfig,
  collect: Collector,
): WorkerEntryEdit[] {
  const { style } = project;
  const edits = exportTagsClass({
    wrangler,
    files,
    typed: isTyped(project),
    style,
    template: templates.worker,
  });
  const seen = new Set<string>();
  for (const { path, before, result } of edits) {
    if (seen.has(path)) continue;
    seen.add(path);
    if (result.ok && before === undefined) collect.create(path, result.content);
    else collect.edit(path, before ?? '', result);
  }
  return edits;
}

/** What a new wrapper is written from. */
function setupOf({ project, files, answers, templates }: InitInput): {
  answers: Answers;
  context: WrapperContext;
  notice?: string;
} {
  if (!answers) throw new Error('a project without a wrapper needs answers');
  const { cloudflareEnv } = project.configShape;
  const envTypes = project.cloudflareEnvTypes === undefined ? undefined : files[project.cloudflareEnvTypes];
  const types = project.typesFile === undefined ? undefined : files[project.typesFile];
  const known = types === undefined ? undefined : typedSlugs(types);
  const missing = [
    ...answers.collections.filter(({ slug }) => !known?.collections.has(slug)),
    ...answers.globals.filter(({ slug }) => !known?.globals.has(slug)),
  ].map(({ slug }) => slug);
  const covered = known !== undefined && missing.length === 0;
  const context: WrapperContext = {
    paths: generatedPaths(project),
    style: project.style,
    templates,
    ...(covered ? { typesFile: project.typesFile! } : {}),
    ...(cloudflareEnv ? { envType: (envTypes && envTypeName(envTypes)) ?? 'object' } : {}),
  };
  if (covered || project.typesFile === undefined) return { answers, context };
  const lacking = known
    ? ` does not know ${missing.map((slug) => `\`${slug}\``).join(', ')}`
    : ' has no `Config`';
  const notice = `${project.typesFile}${lacking}, so the cache is typed against the generated schema instead. \`payload generate:types\` brings it up to date.`;
  return { answers, context, notice };
}

/**
 * Refuses what is not of this tool and would not work with what it writes.
 * @throws PayloadKVError `WIRED_BY_HAND`, `FILE_IN_THE_WAY`
 */
export function refuseForeign(project: Project, files: ProjectFiles): void {
  const paths = generatedPaths(project);
  refuseForeignWiring(project, paths.wrapper);
  const { wrapper, hooks, schema } = paths;
  const text = files[wrapper];
  if (text !== undefined) {
    const isOurs = /\bpayloadKV\b/.test(text) || project.configShape.wired.elements > 0;
    if (!isOurs) throw inTheWay(wrapper, 'it calls no `payloadKV`');
    return;
  }
  const [hooksText, schemaText] = [files[hooks], files[schema]];
  if (hooksText !== undefined && !exportsName(hooksText, 'hooks'))
    throw inTheWay(hooks, 'it exports no `hooks`');
  if (schemaText !== undefined && !exportsName(schemaText, 'schema'))
    throw inTheWay(schema, 'it exports no `schema`');
}

function inTheWay(file: string, why: string): PayloadKVError {
  return new PayloadKVError({
    code: 'FILE_IN_THE_WAY',
    message: `${file} is there already and not what init writes: ${why}.`,
    location: { file },
    nextStep: 'Move or rename it and run `payload-kv init` again.',
  });
}

/** A cache that somebody wired without the wrapper would be wrapped twice. */
function refuseForeignWiring({ configShape }: Project, wrapper: string): void {
  const { wired } = configShape;
  if (wired.elements === 0 || !wired.import || wired.import.resolved !== undefined) return;
  // The import of a wrapper that is gone: it is written anew.
  if (/^\.{1,2}\//.test(wired.import.specifier)) {
    const target = posix.join(posix.dirname(wired.import.file), wired.import.specifier);
    if (target.replace(/\.[cm]?[jt]s$/, '').replace(/\/index$/, '') === posix.dirname(wrapper)) return;
  }
  throw new PayloadKVError({
    code: 'WIRED_BY_HAND',
    message: `The config uses \`${wired.import.specifier}\` in \`plugins\` already, without ${wrapper}.`,
    location: wired.elementLocation ?? { file: wired.import.file },
    nextStep: 'Keep it as it is, or take it out of `plugins` and run `payload-kv init` again.',
  });
}

interface Collector {
  create(path: string, after: string): void;
  edit(path: string, before: string, result: TransformResult): void;
  /** Several edits of one file, each of which may be refused for itself. */
  editInSteps(path: string, before: string, steps: readonly ((content: string) => TransformResult)[]): void;
  refuse(refusal: Refusal): void;
  notice(text: string): void;
  plan(): Plan;
}

function collector(files: ProjectFiles): Collector {
  const changes: FileChange[] = [];
  const refusals: Refusal[] = [];
  const notices: string[] = [];
  function refuse(
    path: string,
    { reason, line, paste, instead }: Extract<TransformResult, { ok: false }>,
  ): void {
    refusals.push({
      path,
      ...(line === undefined ? {} : { line }),
      reason,
      paste,
      ...(instead === undefined ? {} : { instead }),
    });
  }
  return {
    create: (path, after) => changes.push({ path, before: files[path], after }),
    edit(path, before, result) {
      if (!result.ok) refuse(path, result);
      else if (result.modified) changes.push({ path, before, after: result.content });
    },
    editInSteps(path, before, steps) {
      let after = before;
      for (const step of steps) {
        const result = step(after);
        if (!result.ok) refuse(path, result);
        else after = result.content;
      }
      if (after !== before) changes.push({ path, before, after });
    },
    refuse: (refusal) => refusals.push(refusal),
    notice: (text) => notices.push(text),
    plan: () => ({ changes, refusals, notices }),
  };
}
