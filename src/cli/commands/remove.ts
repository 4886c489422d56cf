import kleur from 'kleur';
import { filesMentioning } from '../../inspect/importers.js';
import { missingImports } from '../../inspect/site-files.js';
import { filesToRemove, importsToComeBack, planRemove, WORDS } from '../../plan/commands/remove-plan.js';
import { generatedPaths } from '../../plan/generated-paths.js';
import { type Course, carryOut, outcomeDocument, sayNext, stepsIn, type WriteOptions } from '../carry-out.js';
import { EXIT } from '../failure.js';
import { readProjectFiles } from '../project-files.js';
import { readRemovable } from '../read-project.js';
import { countOf } from '../show-plan.js';
import { createQuestions } from '../terminal/questions.js';
import type { Terminal } from '../terminal/terminal.js';
import { typesWithoutBinding } from '../wrangler-types.js';

/** Options of `payload-kv remove`. */
export interface RemoveOptions extends WriteOptions {
  /** Directory of the project. */
  cwd: string;
  /** Path of the config. Default: searched for. */
  config?: string;
  /** Deletes files that were changed since they were written as well. */
  force?: boolean;
}

/** Takes back what `init` wrote, shown as a diff first; returns the exit code. */
export async function runRemove(options: RemoveOptions, terminal: Terminal): Promise<number> {
  const project = await readRemovable(options, terminal);
  const schema = generatedPaths(project).schema;
  const generated = readProjectFiles(project.root, [schema])[schema];
  const input = {
    project,
    files: readProjectFiles(project.root, filesToRemove(project, generated)),
    sources: filesMentioning(project.root, WORDS),
    gone: missingImports(project.root, importsToComeBack(generated)),
    force: options.force === true,
  };
  const types = await typesWithoutBinding(project, planRemove(input), terminal);
  const plan = planRemove({ ...input, ...types });
  const found = plan.refusals.length + plan.kept.length > 0 ? EXIT.found : EXIT.ok;
  const course: Course = {
    project,
    nothing:
      found === EXIT.ok
        ? 'Nothing that init wrote is here: nothing to remove.'
        : 'Nothing else is left to do.',
    written({ changes }) {
      const deleted = changes.filter(({ after }) => after === undefined).length;
      const edited = changes.length - deleted;
      const done = [
        ...(deleted > 0 ? [`${countOf(deleted, 'file')} deleted`] : []),
        ...(edited > 0 ? [`what init wrote taken out of ${countOf(edited, 'file')}`] : []),
      ];
      return `${kleur.green('✓')} ${done.join(', ')}.`;
    },
  };
  const outcome = await carryOut(plan, course, options, terminal, createQuestions(terminal));
  const { install } = outcome;
  const nextSteps = stepsIn(project.root, install && install.ok !== true ? [install.command] : []);
  sayNext(nextSteps, terminal);
  const exitCode = install?.ok === false ? EXIT.found : found;
  terminal.document({
    command: 'remove',
    ok: exitCode === EXIT.ok,
    ...outcomeDocument(outcome, nextSteps),
    kept: plan.kept,
  });
  return exitCode;
}
