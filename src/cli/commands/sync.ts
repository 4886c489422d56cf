import kleur from 'kleur';
import { writeChanges } from '../../apply/write.js';
import { PayloadKVError } from '../../errors.js';
import type { Project } from '../../inspect/project.js';
import { generatedPaths } from '../../plan/generated-paths.js';
import { filesToRead, type ProjectFiles } from '../../plan/init-plan.js';
import {
  findDrift,
  type PolicyProposal,
  planSync,
  type SyncFindings,
  type SyncInput,
} from '../../plan/sync-plan.js';
import { typedSlugs } from '../../plan/types-slugs.js';
import { EXIT } from '../failure.js';
import { readTemplates } from '../package-files.js';
import { readProjectFiles } from '../project-files.js';
import { createQuestions } from '../questions.js';
import { readProject } from '../read-project.js';
import { diffLines, noticeLine, planDocument, refusalLines } from '../show-plan.js';
import { printable, type Terminal } from '../terminal.js';

/** Options of `payload-kv sync`. */
export interface SyncOptions {
  /** Directory of the project. */
  cwd: string;
  /** Path of the config. Default: searched for. */
  config?: string;
  /** Asks Payload itself for the schema. */
  exact?: boolean;
  /** Writes nothing; exit code 1 where something would change. */
  check?: boolean;
  /** Slugs of new collections or globals to give a policy entry. */
  add?: string[];
  /** Takes all proposals. */
  yes?: boolean;
  /** Shows the diff and writes nothing. */
  dryRun?: boolean;
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

  if (options.check) {
    const { conflicts } = findings;
    if (conflicts.length > 0)
      terminal.say(noticeLine(`${paths.schema} was changed by hand where the schema has changed as well.`));
    terminal.say(
      findings.drift
        ? `${kleur.red('✗')} ${paths.schema} is out of step with the schema: run \`payload-kv sync\`.`
        : `${kleur.green('✓')} ${paths.schema} is in step with the schema.`,
    );
    terminal.document({
      command: 'sync',
      ok: !findings.drift,
      ...findingsDocument(findings),
      written: false,
    });
    return findings.drift ? EXIT.found : EXIT.ok;
  }

  const chosen = add ?? (await askForPolicies(findings, options, terminal));
  const plan = planSync(input, findings, chosen);
  plan.notices.push(...staleTypesNotice(chosen, project, files));
  const ok = plan.refusals.length === 0;
  const document = (written: boolean) =>
    terminal.document({ command: 'sync', ok, ...findingsDocument(findings), ...planDocument(plan), written });

  if (plan.changes.length === 0) {
    for (const refusal of plan.refusals) for (const line of refusalLines(refusal)) terminal.say(line);
    terminal.say(
      ok
        ? `${kleur.green('✓')} ${paths.schema} is in step with the schema: nothing to change.`
        : `\nNothing was written. ${MERGE_ADVICE}`,
    );
    document(false);
    return ok ? EXIT.ok : EXIT.found;
  }
  // The generated file holds the same changes that were just told in words; a diff of it adds little.
  const shown = options.dryRun
    ? plan
    : { ...plan, changes: plan.changes.filter(({ path }) => path === paths.wrapper) };
  for (const line of diffLines(shown)) terminal.say(line);
  for (const refusal of plan.refusals) for (const line of refusalLines(refusal)) terminal.say(line);
  for (const notice of plan.notices) terminal.say(noticeLine(notice));
  if (options.dryRun) {
    terminal.say('\nDry run: nothing was written.');
    document(false);
    return ok ? EXIT.ok : EXIT.found;
  }
  writeChanges(project.root, plan.changes);
  for (const { path, before } of plan.changes) {
    terminal.say(`${kleur.green('✓')} ${path} ${before === undefined ? 'written' : 'brought up to date'}.`);
  }
  document(true);
  return ok ? EXIT.ok : EXIT.found;
}

/** What `--add` and `--yes` choose; `undefined` where they say nothing. */
function chosenByFlags(
  { proposals, addable }: SyncFindings,
  options: SyncOptions,
): PolicyProposal[] | undefined {
  if (options.add && options.add.length > 0) {
    return options.add.map((slug) => {
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
  }
  return options.yes ? proposals : undefined;
}

async function askForPolicies(
  findings: SyncFindings,
  options: SyncOptions,
  terminal: Terminal,
): Promise<PolicyProposal[]> {
  const { proposals } = findings;
  if (proposals.length === 0 || !terminal.interactive || options.dryRun) return [];
  const choices = proposals.map(({ slug, type, line }) => ({
    title: printable(slug),
    value: slug,
    description: `${type}, ${printable(line)}`,
    selected: true,
  }));
  const chosen = new Set(
    await createQuestions(terminal).selectMany('Which of the new ones are to be cached?', choices),
  );
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
  for (const { part, expression, location, reason } of project.schema.unresolved) {
    const where = `${location.file}:${location.line}`;
    terminal.say(noticeLine(`${where}: ${part} could not be read in full (\`${expression}\`): ${reason}`));
  }
  for (const warning of project.schema.warnings) terminal.say(noticeLine(warning));
  for (const { line, text } of warnings) terminal.say(noticeLine(`${wrapper}:${line}: ${text}`));
  if (proposals.length > 0) {
    terminal.say(`  New and not cached. \`--add\` or \`--yes\` puts into ${wrapper}:`);
    for (const { type, line } of proposals)
      terminal.say(`    ${kleur.green(printable(line))}  ${kleur.dim(`in ${type}s`)}`);
  }
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
