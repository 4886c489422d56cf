import kleur from 'kleur';
import { PayloadKVError } from '../../errors.js';
import type { Project } from '../../inspect/project.js';
import { filesToRead } from '../../plan/commands/init-input.js';
import {
  findDrift,
  type PolicyProposal,
  planSync,
  type SyncFindings,
  type SyncInput,
} from '../../plan/commands/sync-plan.js';
import { generatedPaths } from '../../plan/generated-paths.js';
import type { ProjectFiles } from '../../plan/plan.js';
import { typedSlugs } from '../../plan/types-slugs.js';
import { type Course, carryOut, outcomeDocument, sayNext, stepsIn, type WriteOptions } from '../carry-out.js';
import { EXIT } from '../failure.js';
import { readTemplates } from '../package-files.js';
import { readProjectFiles } from '../project-files.js';
import { readProject } from '../read-project.js';
import { runnable } from '../runnable.js';
import { countOf, noticeLine, planLines, sayUnresolved } from '../show-plan.js';
import { createQuestions, type Questions } from '../terminal/questions.js';
import { columnsOf, printable, type Terminal } from '../terminal/terminal.js';
import { typesStep } from '../types-step.js';

/** Options of `payload-kv sync`. */
export interface SyncOptions extends WriteOptions {
  /** Directory of the project. */
  cwd: string;
  /** Path of the config. Default: searched for. */
  config?: string;
  /** Asks Payload itself for the schema. */
  exact?: boolean;
  /** Writes nothing; exit code 1 where something would change. */
  check?: boolean;
  /** Slugs of collections or globals without a policy entry that are to get one. */
  add?: string[];
  /** Gives all that is new in the schema a policy entry, but what {@link PolicyProposal.reason} speaks against. */
  addNew?: boolean;
  /** Overwrites a generated file that somebody changed. */
  force?: boolean;
}

const MERGE_ADVICE =
  'Write there what is right and run `payload-kv sync` again, or `payload-kv sync --force` for the generated lines.';

/** Says what changed in the schema, and brings the tool's file up to date; returns the exit code. */
export async function runSync(options: SyncOptions, terminal: Terminal): Promise<number> {
  const project = await readProject(options, terminal);
  const files = readProjectFiles(project.root, filesToRead(project));
  const input: SyncInput = { project, files, templates: readTemplates(), force: options.force === true };
  const findings = findDrift(input);
  const paths = generatedPaths(project);
  const add = chosenByFlags(findings, options);
  sayFindings(findings, paths.schema, paths.wrapper, project, terminal);

  if (options.check) return check(input, findings, options, terminal);

  const questions = createQuestions(terminal);
  const chosen = add ?? (await askForPolicies(findings, options, terminal, questions));
  const plan = planSync(input, findings, chosen);
  plan.notices.push(...noTypesNotice(project, findings), ...staleTypesNotice(chosen, project, files));
  const ok = plan.refusals.length === 0;
  const course: Course = {
    project,
    nothing: ok
      ? `${kleur.green('✓')} ${paths.schema} is in step with the schema: nothing to change.`
      : `Nothing was written. ${MERGE_ADVICE}`,
    written: ({ changes }) => `${kleur.green('✓')} ${countOf(changes.length, 'file')} written.`,
  };
  const outcome = await carryOut(plan, course, options, terminal, questions);
  const nextSteps = stepsIn(project.root, typesStep(project, typesOf(input)));
  sayNext(nextSteps, terminal);
  terminal.document({
    command: 'sync',
    ok,
    ...outcomeDocument(outcome, nextSteps),
    ...findingsDocument(findings),
  });
  return ok ? EXIT.ok : EXIT.found;
}

/** Says whether something would change, and writes nothing. */
function check(
  input: SyncInput,
  findings: SyncFindings,
  { exact, diff }: SyncOptions,
  terminal: Terminal,
): number {
  const { schema } = generatedPaths(input.project);
  const { drift, conflicts } = findings;
  if (conflicts.length > 0)
    terminal.say(noticeLine(`${schema} was changed by hand where the schema has changed as well.`));
  if (diff) {
    for (const line of planLines(planSync(input, findings, []), { diff, columns: columnsOf(terminal) }))
      terminal.say(line);
    terminal.say();
  }
  terminal.say(
    drift
      ? runnable(
          `${kleur.red('✗')} ${schema} is out of step with the schema: run \`payload-kv sync${exact ? ' --exact' : ''}\`.`,
        )
      : `${kleur.green('✓')} ${schema} is in step with the schema.`,
  );
  if (drift && input.project.schema.unresolved.length > 0) {
    for (const notice of noTypesNotice(input.project, findings)) terminal.say(noticeLine(notice));
    terminal.say('  → If it was written with --exact, check it with --exact as well.');
  }
  for (const notice of wiringNotice(input.project)) terminal.say(noticeLine(notice));
  const nextSteps = stepsIn(input.project.root, typesStep(input.project, typesOf(input)));
  sayNext(nextSteps, terminal);
  if (terminal.json) {
    const plan = planSync(input, findings, []);
    plan.notices.push(...wiringNotice(input.project));
    terminal.document({
      command: 'sync',
      ok: !drift,
      ...outcomeDocument({ plan, written: false, install: null }, nextSteps),
      ...findingsDocument(findings),
    });
  }
  return drift ? EXIT.found : EXIT.ok;
}

/** The text of the project's `payload-types.ts`. */
function typesOf({ project, files }: SyncInput): string | undefined {
  return project.typesFile === undefined ? undefined : files[project.typesFile];
}

/** A schema in step says nothing of a config that does not use the cache. */
function wiringNotice({ configShape: { config, uncertain, wired } }: Project): string[] {
  if (wired.elements === 0)
    return [`${config.path} does not use the cache: \`payload-kv doctor\` says what to do.`];
  return uncertain === undefined
    ? []
    : [`Whether Payload's config has the cache is not certain: ${uncertain}. See \`payload-kv doctor\`.`];
}

/** What `--add` and `--add-new` choose; `undefined` where they say nothing. */
function chosenByFlags(
  { proposals, addable }: SyncFindings,
  { add = [], addNew }: SyncOptions,
): PolicyProposal[] | undefined {
  const named = add.map((slug) => {
    const proposal = addable.find((it) => it.slug === slug);
    if (proposal) return proposal;
    const names = addable.map((it) => it.slug).join(', ');
    throw new PayloadKVError({
      code: 'UNKNOWN_COLLECTION',
      message: `--add: \`${slug}\` is none of the collections and globals that lack an entry and could have one.`,
      nextStep: names
        ? `There are ${names}.`
        : 'There is nothing to add: each has an entry already, or has auth, or the wrapper names none by itself.',
    });
  });
  if (named.length === 0 && !addNew) return undefined;
  return [...new Set([...named, ...(addNew ? proposals.filter(({ reason }) => reason === undefined) : [])])];
}

async function askForPolicies(
  { proposals }: SyncFindings,
  options: SyncOptions,
  terminal: Terminal,
  questions: Questions,
): Promise<PolicyProposal[]> {
  if (proposals.length === 0 || !terminal.interactive || options.yes || options.dryRun) return [];
  const choices = proposals.map(({ slug, type, line, reason }) => ({
    title: printable(slug),
    value: slug,
    description: `${type}, ${printable(reason === undefined ? line : `not proposed: ${reason}`)}`,
    selected: reason === undefined,
  }));
  const chosen = new Set(await questions.selectMany('Which of the new ones are to be cached?', choices));
  return proposals.filter(({ slug }) => chosen.has(slug));
}

function sayFindings(
  { missing, changes, proposals, warnings }: SyncFindings,
  schemaFile: string,
  wrapper: string,
  project: Project,
  terminal: Terminal,
): void {
  if (missing) terminal.say(noticeLine(`${schemaFile} is missing.`));
  for (const { kind, text } of changes) {
    const mark = /-added$/.test(kind)
      ? kleur.green('+')
      : /-removed$/.test(kind)
        ? kleur.red('-')
        : kleur.yellow('~');
    terminal.say(`  ${mark} ${printable(text)}`);
  }
  sayUnresolved(project, terminal);
  for (const warning of project.schema.warnings) terminal.say(noticeLine(warning));
  for (const { line, text } of warnings) terminal.say(noticeLine(`${wrapper}:${line}: ${text}`));
  if (proposals.length > 0) {
    const [proposed, left] = [true, false].map((yes) =>
      proposals.filter(({ reason }) => (reason === undefined) === yes),
    ) as [PolicyProposal[], PolicyProposal[]];
    if (proposed.length > 0)
      terminal.say(`  New and not cached. \`--add\` or \`--add-new\` puts into ${wrapper}:`);
    for (const { type, line } of proposed)
      terminal.say(`    ${kleur.green(printable(line))}  ${kleur.dim(`in ${type}s`)}`);
    if (left.length > 0) terminal.say('  New, and not proposed. `--add` with its name adds it all the same:');
    for (const { slug, reason } of left) terminal.say(`    ${printable(slug)}: ${printable(reason!)}`);
  }
}

/** What only the types tell of seems to be gone where they are not there, as in a fresh clone that ignores them. */
function noTypesNotice({ schema, typesFile }: Project, { changes }: SyncFindings): string[] {
  const isGone = changes.some(({ kind }) => kind.endsWith('-removed'));
  if (typesFile !== undefined || schema.unresolved.length === 0 || !isGone) return [];
  return [
    'There is no payload-types.ts, which tells what plugins add: what seems to be removed may just be missing there. Run `payload generate:types` first.',
  ];
}

/** A new entry is typed against `payload-types.ts`, which may not know the collection yet. */
function staleTypesNotice(
  chosen: readonly PolicyProposal[],
  { typesFile }: Project,
  files: ProjectFiles,
): string[] {
  const text = typesFile === undefined ? undefined : files[typesFile];
  const known = text === undefined ? undefined : typedSlugs(text);
  if (!known) return [];
  const missing = chosen
    .filter(({ type, slug }) => !known[`${type}s`].has(slug))
    .map(({ slug }) => `\`${slug}\``);
  if (missing.length === 0) return [];
  return [
    `${typesFile} does not know ${missing.join(', ')} yet: run \`payload generate:types\` before the type check.`,
  ];
}

function findingsDocument({ drift, missing, changes, proposals, warnings, conflicts }: SyncFindings) {
  return { drift, missing, schemaChanges: changes, proposals, warnings, conflicts };
}
