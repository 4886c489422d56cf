import kleur from 'kleur';
import { writeChanges } from '../../apply/write.js';
import { filesMentioning } from '../../inspect/importers.js';
import { inspectProject } from '../../inspect/project.js';
import { generatedPaths } from '../../plan/generated-paths.js';
import { filesToRemove, type KeptFile, planRemove, type RemovePlan, WORDS } from '../../plan/remove-plan.js';
import { countOf, installIfNeeded, mayWrite } from '../confirm.js';
import { EXIT } from '../failure.js';
import { readProjectFiles } from '../project-files.js';
import { createQuestions } from '../questions.js';
import { diffLines, noticeLine, planDocument, refusalLines } from '../show-plan.js';
import { printable, type Terminal } from '../terminal.js';

/** Options of `payload-kv remove`. */
export interface RemoveOptions {
  /** Directory of the project. */
  cwd: string;
  /** Path of the config. Default: searched for. */
  config?: string;
  /** Writes without asking. */
  yes?: boolean;
  /** Shows the diff and writes nothing. */
  dryRun?: boolean;
  /** Deletes files that were changed since they were written as well. */
  force?: boolean;
  /** `false` leaves it to the person to take the dependency out of `node_modules`. Default `true`. */
  install?: boolean;
}

/** Takes back what `init` wrote, shown as a diff first; returns the exit code. */
export async function runRemove(options: RemoveOptions, terminal: Terminal): Promise<number> {
  terminal.note(kleur.dim('Reading the project…'));
  const project = inspectProject({
    cwd: options.cwd,
    ...(options.config ? { config: options.config } : {}),
  });
  const schema = generatedPaths(project).schema;
  const generated = readProjectFiles(project.root, [schema])[schema];
  const plan = planRemove({
    project,
    files: readProjectFiles(project.root, filesToRemove(project, generated)),
    sources: filesMentioning(project.root, WORDS),
    force: options.force === true,
  });
  const found = plan.refusals.length + plan.kept.length > 0 ? EXIT.found : EXIT.ok;
  const document = (rest: object) =>
    terminal.document({
      command: 'remove',
      ok: found === EXIT.ok,
      ...planDocument(plan),
      kept: plan.kept,
      ...rest,
    });

  for (const line of diffLines(plan)) terminal.say(line);
  sayRest(plan, terminal);
  if (plan.changes.length === 0) {
    terminal.say(
      found === EXIT.ok ? 'Nothing of payload-kv is here: nothing to remove.' : 'Nothing else is left to do.',
    );
    document({ written: false, install: null });
    return found;
  }
  if (options.dryRun) {
    terminal.say();
    terminal.say('Dry run: nothing was written.');
    document({ written: false, install: null });
    return found;
  }
  if (!(await mayWrite(plan, options, terminal, createQuestions(terminal)))) {
    terminal.say('Nothing was written.');
    document({ written: false, install: null });
    return found;
  }
  writeChanges(project.root, plan.changes);
  const deleted = plan.changes.filter(({ after }) => after === undefined).length;
  const edited = plan.changes.length - deleted;
  terminal.say(
    `${kleur.green('✓')} ${countOf(deleted, 'file')} deleted, ${countOf(edited, 'file')} as before.`,
  );
  const install = await installIfNeeded(project, plan, options, terminal);
  if (install && install.ok !== true) {
    terminal.say();
    terminal.say(kleur.bold('Next'));
    terminal.say(`  ${kleur.cyan('→')} ${install.command}`);
  }
  document({ written: true, install });
  return install?.ok === false ? EXIT.found : found;
}

function sayRest(plan: RemovePlan, terminal: Terminal): void {
  if (plan.refusals.length + plan.notices.length + plan.kept.length === 0) return;
  for (const refusal of plan.refusals) for (const line of refusalLines(refusal)) terminal.say(line);
  terminal.say();
  for (const file of plan.kept) terminal.say(keptLine(file));
  if (plan.kept.length > 0) terminal.say('  Delete what you no longer need, or run it again with --force.');
  for (const notice of plan.notices) terminal.say(noticeLine(notice));
  terminal.say();
}

function keptLine({ path, reason }: KeptFile): string {
  return `${kleur.yellow('!')} ${printable(path)} is kept: ${printable(reason)}.`;
}
