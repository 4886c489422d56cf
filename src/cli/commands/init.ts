import { realpathSync } from 'node:fs';
import path from 'node:path';
import kleur from 'kleur';
import { createNamespace } from '../../apply/create-namespace.js';
import { PayloadKVError } from '../../errors.js';
import { filesMentioning } from '../../inspect/importers.js';
import { RUNNERS } from '../../inspect/package-manager.js';
import type { Project } from '../../inspect/project.js';
import { type Answers, notProposed, propose, type RegistryName } from '../../plan/answers.js';
import { namespacesToCreate } from '../../plan/commands/bindings-plan.js';
import { filesToRead, type InitInput } from '../../plan/commands/init-input.js';
import { leftBehind, planInit } from '../../plan/commands/init-plan.js';
import { refuseForeign } from '../../plan/commands/refuse-foreign.js';
import { ROUTE_WORDS } from '../../plan/commands/responses-plan.js';
import { generatedPaths } from '../../plan/generated-paths.js';
import type { Plan } from '../../plan/plan.js';
import type { NamespaceIds, Place } from '../../plan/wrangler/wrangler-edit.js';
import { typesHash, wranglerTypesCommand } from '../../plan/wrangler/wrangler-types.js';
import { answersIn } from '../../plan/wrapper/wrapper-answers.js';
import { type AnswerFlags, namesAnswer } from '../answers/answer-flags.js';
import { answerNotices, changeNotices } from '../answers/answer-notices.js';
import { resolveAnswers, resolveChanges } from '../answers/answers.js';
import { type FromPlugin, fromPlugin, twoCaches, withFreedBinding } from '../answers/from-plugin.js';
import { requireRoutes, responsesAnswer } from '../answers/responses-answer.js';
import { resolveTakeOut } from '../answers/take-out.js';
import {
  type Course,
  carryOut,
  type InstallOutcome,
  outcomeDocument,
  sayNext,
  stepsIn,
} from '../carry-out.js';
import { EXIT } from '../failure.js';
import { packageVersion, readTemplates } from '../package-files.js';
import { readProjectFiles, uncommittedFiles, wranglerProvisions } from '../project-files.js';
import { readProject } from '../read-project.js';
import { countOf, noticeLine, sayUnresolved } from '../show-plan.js';
import { createQuestions, type Questions } from '../terminal/questions.js';
import { printable, type Terminal } from '../terminal/terminal.js';
import { requireSupportedPayload, unreadPayloadNotice } from '../unsupported-payload.js';
import { typesByWrangler } from '../wrangler-types.js';

/** Options of `payload-kv init`. */
export interface InitOptions extends AnswerFlags {
  /** Directory of the project. */
  cwd: string;
  /** Path of the config. Default: searched for. */
  config?: string;
  /** Asks Payload itself for the schema. */
  exact?: boolean;
  /** `false` leaves the installation to the person. Default `true`. */
  install?: boolean;
  /** Creates the KV namespace through the project's wrangler, once the diff is agreed to. */
  createNamespace?: boolean;
  /** Goes on with uncommitted changes. */
  force?: boolean;
}

/**
 * Inspects the project, asks, shows the diff, and writes it; returns the exit code. One function: each step takes what the
 * ones before it have found.
 */
export async function runInit(given: InitOptions, terminal: Terminal): Promise<number> {
  const questions = createQuestions(terminal);
  const read = await readProject(given, terminal);
  const from = given.fromPlugin ? fromPlugin(read, given) : undefined;
  const project = from ? withFreedBinding(read, from) : read;
  const files = readProjectFiles(project.root, filesToRead(project));
  const paths = generatedPaths(project);
  const isNew = files[paths.wrapper] === undefined;
  const options: InitOptions = isNew && from ? { ...from.flags, ...given, ttlFor: from.flags.ttlFor } : given;
  sayProject(project, options.cwd, terminal);
  requireSupportedPayload(project);
  refuseForeign(project, files);
  const isAsked = terminal.interactive && !options.yes;
  const routes = isAsked || options.responses !== undefined ? filesMentioning(project.root, ROUTE_WORDS) : {};
  requireRoutes(options, routes);

  if (isNew && !options.dryRun) await checkGit(project, options, terminal, questions);
  const resolved = isNew ? await resolveAnswers(project, options, terminal, questions) : undefined;
  const answers = resolved && withStoreOptions(resolved, from);
  const current = isNew ? undefined : answersIn(files[paths.wrapper]!, paths.wrapper);
  const changes = current && (await resolveChanges(project, current, options, terminal, questions));
  const superfluous = await resolveTakeOut(
    project,
    files[paths.wrapper],
    { pages: (answers ?? changes)?.pages !== undefined, flags: options },
    terminal,
    questions,
  );
  const asksAll = isAsked && (isNew || (changes !== undefined && !namesAnswer(options)));
  const responses = await responsesAnswer(options, routes, asksAll, questions);
  if (answers && (!terminal.interactive || options.yes)) sayAnswers(answers, project, terminal);
  const answered: InitInput = {
    project,
    files,
    ...(answers ? { answers } : {}),
    ...(changes ? { changes } : {}),
    ...(superfluous ? { superfluous } : {}),
    ...(from ? { replaced: from.other } : {}),
    ...(responses === undefined ? {} : { responses, routes }),
    templates: readTemplates(),
    packageRange: `^${packageVersion()}`,
    wranglerProvisions: wranglerProvisions(project),
  };
  const words = leftBehind(answered);
  const known: InitInput = {
    ...answered,
    ...(words.length > 0 ? { sources: filesMentioning(project.root, words) } : {}),
  };
  const text = planInit(known);
  const input = { ...known, ...(await typesByWrangler(project, text, terminal)) };
  // A namespace for which there is no place in the file would be forgotten.
  const hasPlace = !text.refusals.some(({ path }) => path === project.wrangler?.path);
  const toCreate = options.createNamespace && hasPlace ? namespacesToCreate(input) : undefined;
  const plan = planInit(toCreate ? { ...input, namespaceIds: idsToCome(toCreate.places) } : input);
  plan.notices.push(...(from ? from.notices : twoCaches(project)));
  plan.notices.push(...unreadPayloadNotice(project));
  plan.notices.push(...(answers ? answerNotices(answers, project) : []));
  plan.notices.push(...(changes ? changeNotices(changes, current, project) : []));

  const found = plan.refusals.length > 0 ? EXIT.found : EXIT.ok;
  const course: Course = {
    project,
    nothing:
      plan.refusals.length > 0
        ? 'Nothing else is left to do.'
        : `${kleur.green('✓')} Everything is in place: nothing to change.`,
    written: (it) => `${kleur.green('✓')} ${countOf(it.changes.length, 'file')} written.`,
    ...(isNew ? {} : { beforehand: () => checkGit(project, options, terminal, questions) }),
    ...(toCreate
      ? {
          async agreed() {
            const namespaceIds = await createNamespaces(project, toCreate, terminal);
            return { ...planInit({ ...input, namespaceIds }), notices: plan.notices };
          },
        }
      : {}),
  };
  const outcome = await carryOut(plan, course, options, terminal, questions);
  const { written, install } = outcome;
  const registry = answers ? answers.registry : changes?.registry;
  const steps = written
    ? nextSteps(project, outcome.plan, registry, install, {
        exact: options.exact === true,
        provisions: !toCreate && input.wranglerProvisions,
        componentsChange: (answers ?? changes)?.adminView !== undefined,
        ...(from && found === EXIT.ok ? { superfluousPackage: from.other.packageName } : {}),
      })
    : [];
  sayNext(steps, terminal);
  const exitCode = install?.ok === false ? EXIT.found : found;
  terminal.document({
    command: 'init',
    ok: exitCode === EXIT.ok,
    project: summary(project),
    answers,
    ...(from ? { replaced: from.other.packageName } : {}),
    notProposed: notProposed(propose(project)),
    ...outcomeDocument(outcome, steps),
  });
  return exitCode;
}

/** What stands in the diff for the ids that wrangler is about to tell. */
function idsToCome(places: readonly Place[]): NamespaceIds {
  return Object.fromEntries(places.map((place) => [place ?? '', '<the id that wrangler creates>']));
}

/** Creates a namespace for each place. What was created is said at once: it exists, whatever comes next. */
async function createNamespaces(
  { root, wrangler }: Project,
  { binding, places }: { binding: string; places: readonly Place[] },
  terminal: Terminal,
): Promise<NamespaceIds> {
  const ids: Record<string, string> = {};
  for (const place of places) {
    const title = wrangler?.name === undefined ? binding : `${wrangler.name}-${binding}`;
    const id = await createNamespace(root, {
      title,
      config: wrangler!.path,
      ...(place ? { env: place } : {}),
    });
    ids[place ?? ''] = id;
    terminal.note(`${kleur.green('✓')} Created the KV namespace ${place ? `${place}-` : ''}${title}: ${id}`);
  }
  return ids;
}

/** The answers with what the other cache's store was given, where the store is the same. */
function withStoreOptions(answers: Answers, from: FromPlugin | undefined): Answers {
  const isSame = from !== undefined && answers.store === from.other.store;
  return isSame && Object.keys(from.storeOptions).length > 0
    ? { ...answers, storeOptions: from.storeOptions }
    : answers;
}

function sayProject(project: Project, cwd: string, terminal: Terminal): void {
  const { schema, database, wrangler, configPath } = project;
  const directory = path.relative(realpathSync(cwd), project.root);
  const adapter = database.packageName ?? database.expression ?? 'not recognised';
  const rows: [string, string][] = [
    ...(directory === '' ? [] : [['project', directory] as [string, string]]),
    ['config', configPath],
    ['database', database.kind === 'unknown' ? adapter : `${database.kind} (${adapter})`],
    [
      'schema',
      `${countOf(schema.collections.length, 'collection')}, ${countOf(schema.globals.length, 'global')}`,
    ],
    ['wrangler', wrangler?.path ?? 'none'],
  ];
  for (const [name, value] of rows) terminal.say(`  ${kleur.dim(name.padEnd(10))}${printable(value)}`);
  sayUnresolved(project, terminal);
  for (const warning of schema.warnings) terminal.say(noticeLine(warning));
  terminal.say();
}

/** What nobody was asked is said. */
function sayAnswers(answers: Answers, project: Project, terminal: Terminal): void {
  const { collections, globals, ttl, store, binding, registry, tagsBinding } = answers;
  const slugs = [...collections, ...globals].map((it) =>
    it.ttl === undefined ? it.slug : `${it.slug} (${it.ttl})`,
  );
  terminal.say(`  ${kleur.dim('cached'.padEnd(10))}${printable(slugs.join(', ') || 'nothing')}, for ${ttl}`);
  terminal.say(
    `  ${kleur.dim('store'.padEnd(10))}${store === 'cloudflare-kv' ? `${store}, bound as ${binding}` : store}`,
  );
  if (registry) {
    const bound = tagsBinding ? `, bound as ${tagsBinding}` : '';
    terminal.say(`  ${kleur.dim('registry'.padEnd(10))}${registry}${bound}`);
  }
  const left = notProposed(propose(project)).filter(
    ({ slug }) => ![...collections, ...globals].some((it) => it.slug === slug),
  );
  for (const { slug, reason } of left)
    terminal.say(`  ${kleur.dim('not'.padEnd(10))}${printable(slug)}: ${printable(reason)}`);
  if (left.length > 0) terminal.say(`  ${kleur.dim('unless'.padEnd(10))}--collections or --globals names it`);
}

async function checkGit(
  project: Project,
  options: InitOptions,
  terminal: Terminal,
  questions: Questions,
): Promise<void> {
  if (options.force) return;
  const dirty = await uncommittedFiles(project.root);
  if (!dirty || dirty.length === 0) return;
  const message = `${countOf(dirty.length, 'file')} of the project ${dirty.length === 1 ? 'is' : 'are'} not committed`;
  if (terminal.interactive && !options.yes) {
    if (await questions.confirm(`${message}, so that git cannot undo just this. Go on?`, false)) return;
    throw new PayloadKVError({ code: 'CANCELLED', message: 'Cancelled. Nothing was written.' });
  }
  throw new PayloadKVError({
    code: 'UNCOMMITTED_CHANGES',
    message: `${message}: ${dirty
      .slice(0, 3)
      .map((line) => line.slice(3))
      .join(', ')}${dirty.length > 3 ? ` and ${dirty.length - 3} more` : ''}.`,
    nextStep: 'Commit or stash them, or go on with --force.',
  });
}

function nextSteps(
  project: Project,
  plan: Plan,
  registry: RegistryName | undefined,
  install: InstallOutcome | null,
  {
    exact,
    provisions,
    componentsChange,
    superfluousPackage,
  }: {
    exact: boolean;
    provisions: boolean;
    componentsChange: boolean;
    superfluousPackage?: string;
  },
): string[] {
  const steps: string[] = [];
  const run = RUNNERS[project.packageManager];
  // What reads the text alone finds drift in a schema that Payload itself told.
  const flag = exact ? ' --exact' : '';
  if (plan.refusals.length > 0) steps.push('Paste the lines above where they belong.');
  if (install && install.ok !== true) steps.push(`${install.command}`);
  const types = plan.changes.find(({ path }) => path === project.cloudflareEnvTypes);
  const generate = wranglerTypesCommand(types?.before ?? '');
  // What it wrote itself has its hash, and nothing is left to do.
  if (generate && typesHash(types?.after ?? '') === typesHash(types?.before ?? '')) {
    steps.push(`${run} ${generate}   (at leisure: the binding's type is in ${types!.path} already)`);
  }
  if (componentsChange) {
    steps.push(`${run} payload generate:importmap   (by it the admin panel finds the view of the cache)`);
  }
  if (registry === 'database' && project.database.kind !== 'mongodb') {
    steps.push(
      `${run} payload migrate:create   (the table of the tag versions, where the database is migrated rather than pushed)`,
    );
  }
  steps.push(`${run} payload-kv measure   (shows what the cache saves here, in calls and milliseconds)`);
  steps.push(`${run} payload-kv doctor${flag}   (proves that the cache works here)`);
  if (superfluousPackage !== undefined) {
    const uninstall = project.packageManager === 'npm' ? 'npm uninstall' : `${project.packageManager} remove`;
    steps.push(`${uninstall} ${superfluousPackage}   (nothing needs it any more)`);
  }
  steps.push(deployStep(plan, project, provisions));
  steps.push(`${run} payload-kv sync${flag}   (after a change of collections or fields; --check in CI)`);
  steps.push(`${run} payload-kv remove   (takes all of it back)`);
  return stepsIn(project.root, steps);
}

/** What is left to do for the site that visitors see. */
function deployStep({ changes }: Plan, { wrangler }: Project, provisions: boolean): string {
  const edit = changes.find((change) => change.path === wrangler?.path);
  const isCreated = provisions && (edit?.after ?? '').includes('kv_namespaces');
  const creates = isCreated ? ': wrangler creates a namespace that has no id yet' : '';
  return `Commit what was written, the generated schema too, and deploy as always${creates}.`;
}

function summary(project: Project) {
  const { root, configPath, packageManager, database, schema, wrangler } = project;
  return {
    root,
    config: configPath,
    packageManager,
    database: database.kind,
    wrangler: wrangler?.path ?? null,
    collections: schema.collections.map(({ slug }) => slug),
    globals: schema.globals.map(({ slug }) => slug),
    unresolved: schema.unresolved,
    warnings: schema.warnings,
  };
}
