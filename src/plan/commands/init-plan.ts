/** Everything that `init` would do, as a plan. */
import { isExact } from '../../inspect/exact-schema.js';
import { readWrapper } from '../../inspect/wrapper/read-wrapper.js';
import { asObject, valueIn } from '../../inspect/written-value.js';
import type { Answers, PagesMode } from '../answers.js';
import { wireConfig } from '../config/config-edit.js';
import { addCacheHandler, NEXT_CONFIGS, namesHandler, OPEN_NEXT_CONFIG } from '../config/next-config-edit.js';
import { addTagCache } from '../config/open-next-config-edit.js';
import { type GeneratedPaths, generatedPaths, languageOf } from '../generated-paths.js';
import { takeOutOther, withOtherTakenOut } from '../other-caches/take-out.js';
import { editPackageJson, scriptsOf } from '../package-json-edit.js';
import { takeOut, withTakenOut } from '../pages/take-out.js';
import type { Plan } from '../plan.js';
import { EMPTY_LEDGER, readLedger, recordChanges, withLedger } from '../schema/ledger.js';
import { renderSchemaFile } from '../schema/schema-file.js';
import { schemaRecord } from '../schema/schema-record.js';
import { undoHunks } from '../text/hunks.js';
import { typedSlugs } from '../types-slugs.js';
import { envTypeName } from '../wrangler/env-types-edit.js';
import { type CachedChange, followCached } from '../wrapper/hooks-edit.js';
import { changeAnswers } from '../wrapper/wrapper-edit.js';
import { renderHooks, renderWrapper, type WrapperContext } from '../wrapper/wrapper-file.js';
import { type Bindings, bind, bindingsIn, bindingsOf } from './bindings-plan.js';
import type { InitInput } from './init-input.js';
import { type LeftoverPlan, leftoversOf, planLeftovers, REDIS_CLIENT, wordsOf } from './leftovers.js';
import { type Collector, collectPlan, unchanged } from './plan-collector.js';
import { refuseForeign } from './refuse-foreign.js';
import { refuseOpenAuth } from './refuse-open-auth.js';
import { wireResponses } from './responses-plan.js';

/** The plan of `init`. */
export function planInit(input: InitInput): Plan {
  const { project, files } = input;
  const { configShape, style } = project;
  const paths = generatedPaths(project);
  const collect = collectPlan(files);
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

  if (setup) createWrapper(input, setup, collect);
  if (edit && before !== undefined) {
    if (edit.text !== before) refuseOpenAuth(shape, paths.wrapper);
    collect.edit(paths.wrapper, before, { ok: true, content: edit.text, modified: edit.text !== before });
    for (const refusal of edit.refusals) collect.refuse(refusal);
    followHooks(input, { before: oldShape, after: shape }, collect);
  }
  let wires = false;
  if (existing !== undefined && shape?.exportsCache !== true) {
    collect.notice(`${paths.wrapper} exports no \`cache\`: it is kept as it is, and so is the config.`);
  } else if (withEnv && !configShape.cloudflareEnv && configShape.wired.elements === 0) {
    collect.notice(
      `${paths.wrapper} wants a Cloudflare env, and the config holds none: wire \`cache(env)\` into \`plugins\` by hand.`,
    );
  } else {
    wires = true;
    collect.edit(
      configShape.config.path,
      configShape.config.text,
      wireConfig({ shape: configShape, paths, style, withEnv }),
    );
  }

  const pages = setup ? setup.answers.pages : input.changes?.pages;
  if (pages) wirePages(input, pages, collect);
  wireResponses(input, collect);

  const leftovers = planLeftovers({
    project,
    leftovers: edit ? leftoversOf(oldShape, shape) : {},
    ...(wanted.entries === undefined ? {} : { renamedTo: wanted.entries }),
    ledger: readLedger(files[paths.schema]) ?? EMPTY_LEDGER,
    sources: withoutGenerated({ ...input.sources, [paths.wrapper]: existing ?? '' }, paths),
  });
  bind(input, wanted, leftovers, collect);
  for (const notice of leftovers.notices) collect.notice(notice);
  const callsRedis = (text = '') => /\bredis(Registry)?\(\)/.test(text);
  const usesRedis = setup
    ? [setup.answers.store, setup.answers.registry].includes('redis')
    : callsRedis(existing) && (edit === undefined || !callsRedis(before));
  addPackage(input, usesRedis, leftovers, collect);
  const plan = collect.plan();
  const superfluous = input.superfluous && {
    ...input.superfluous,
    follows: wires && pagesFollow(plan, input),
  };
  const complete = takeOutOther(takeOut(plan, superfluous), input.replaced);
  return withSchemaFile(complete, { ...input, superfluous });
}

/** The files of a project that has no cache yet. */
function createWrapper({ project, files }: InitInput, setup: Setup, collect: Collector): void {
  const { wrapper, hooks } = generatedPaths(project);
  const text = renderWrapper(setup.answers, setup.context);
  refuseOpenAuth(readWrapper(text, wrapper).shape, wrapper);
  collect.create(wrapper, text);
  if (files[hooks] === undefined) collect.create(hooks, renderHooks(setup.answers, setup.context));
  if (setup.notice) collect.notice(setup.notice);
}

/** What the pages of a Next site need beside the wrapper. */
function wirePages(input: InitInput, mode: PagesMode, collect: Collector): void {
  const { project, files } = input;
  // There Next's own handler is OpenNext's.
  const path = [OPEN_NEXT_CONFIG, ...NEXT_CONFIGS].find((name) => files[name] !== undefined);
  const text = path === undefined ? undefined : files[path];
  if (mode === 'push') {
    collect.notice(
      'Where jobs or scripts write, set PAYLOAD_KV_SITE_URL to the address of the site: its pages are told of their writes there.',
    );
    if (path !== undefined && text !== undefined && namesHandler(text))
      unwirePages(input, { path, text }, collect);
    return;
  }
  const { packageJson, style } = project;
  if (path === undefined || text === undefined) {
    collect.notice(
      "There is no next.config: give Next `cacheHandler: require.resolve('payload-kv/next/cache-handler')` in one.",
    );
    return;
  }
  if (path === OPEN_NEXT_CONFIG) {
    collect.edit(path, text, addTagCache(text, path, style));
    if (!text.includes('incrementalCache'))
      collect.notice(`${path} names no \`incrementalCache\`: without one OpenNext keeps no pages.`);
    return;
  }
  collect.edit(path, text, addCacheHandler(text, path, { isModule: packageJson.type === 'module', style }));
}

/** Whether pages follow writes once the plan is written, with nothing left to a person. */
function pagesFollow({ changes, refusals }: Plan, { project, files }: InitInput): boolean {
  const textOf = (path: string) =>
    (changes.find((change) => change.path === path) ?? { after: files[path] }).after;
  const { wrapper } = generatedPaths(project);
  const value = valueIn(readWrapper(textOf(wrapper) ?? '', wrapper).shape?.options, 'pages');
  const options =
    value?.kind === 'call' && value.callee === 'nextPages' ? asObject(value.arguments[0]) : undefined;
  const mode = valueIn(options, 'revalidate');
  if (refusals.length > 0 || mode?.kind !== 'text') return false;
  const hasHandler = [OPEN_NEXT_CONFIG, ...NEXT_CONFIGS].some((path) => namesHandler(textOf(path) ?? ''));
  return mode.text === 'push' || hasHandler;
}

/** Takes the cache handler of an earlier answer out of a Next config again. */
function unwirePages(
  { project, files }: InitInput,
  { path, text }: { path: string; text: string },
  collect: Collector,
): void {
  const { edits } = readLedger(files[generatedPaths(project).schema]) ?? EMPTY_LEDGER;
  const undone = undoHunks(text, edits[path] ?? []);
  if (namesHandler(undone.text))
    collect.notice(`${path} still names the cache handler, which 'push' does not need: take it out.`);
  else collect.edit(path, text, { ok: true, content: undone.text, modified: true });
}

/** The dependency and the scripts. */
function addPackage(
  { project, files, packageRange, replaced }: InitInput,
  usesRedis: boolean,
  leftovers: LeftoverPlan,
  collect: Collector,
): void {
  const packageJson = files['package.json'];
  if (packageJson === undefined) return;
  if (usesRedis && replaced?.options.url === undefined) {
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
function withSchemaFile(plan: Plan, { project, files, templates, superfluous, replaced }: InitInput): Plan {
  const path = generatedPaths(project).schema;
  const before = files[path];
  const known = readLedger(before);
  const recorded = withTakenOut(recordChanges(known ?? EMPTY_LEDGER, plan.changes), superfluous);
  const ledger = withOtherTakenOut(recorded, plan, replaced);
  if (before === undefined) {
    const options = { template: templates.schema, style: project.style, language: languageOf(path), ledger };
    plan.changes.push({ path, before, after: renderSchemaFile(schemaRecord(project.schema), options) });
  } else if (JSON.stringify(ledger) !== JSON.stringify(known ?? EMPTY_LEDGER)) {
    plan.changes.push({ path, before, after: withLedger(before, ledger) });
  }
  return { ...plan, changes: plan.changes.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** What a new wrapper is written from. */
interface Setup {
  answers: Answers;
  context: WrapperContext;
  notice?: string;
}

function setupOf({ project, files, answers, templates }: InitInput): Setup {
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
