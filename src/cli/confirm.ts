/** The last question before anything is written, and the step after it: both the same in every command. */
import kleur from 'kleur';
import { installCommand, installDependencies } from '../apply/install.js';
import { PayloadKVError } from '../errors.js';
import type { Project } from '../inspect/project.js';
import type { Plan } from '../plan/plan.js';
import type { Questions } from './questions.js';
import { actionOf } from './show-plan.js';
import { printable, type Terminal } from './terminal.js';

/** Whether the plan may be written: `--yes` says so, or a person does. */
export async function mayWrite(
  plan: Plan,
  options: { yes?: boolean },
  terminal: Terminal,
  questions: Questions,
): Promise<boolean> {
  if (options.yes) return true;
  if (!terminal.interactive) {
    throw new PayloadKVError({
      code: 'MISSING_ANSWERS',
      message: 'There is no terminal to ask on whether the change is to be written.',
      nextStep: 'Add --yes to write it.',
    });
  }
  terminal.say();
  for (const change of plan.changes)
    terminal.say(`  ${kleur.dim(actionOf(change).padEnd(10))}${printable(change.path)}`);
  return questions.confirm(`Write ${countOf(plan.changes.length, 'file')}?`, true);
}

/** What became of the installation. */
export interface InstallOutcome {
  command: string;
  /** `null` where it was left to the person. */
  ok: boolean | null;
  error?: string;
}

/** Lets the package manager follow `package.json`, where the plan puts the package in or takes it out. */
export async function installIfNeeded(
  project: Project,
  plan: Plan,
  options: { install?: boolean },
  terminal: Terminal,
): Promise<InstallOutcome | null> {
  const change = plan.changes.find(({ path }) => path === 'package.json');
  if (!change || names(change.before) === names(change.after)) return null;
  const command = installCommand(project.packageManager);
  if (options.install === false) return { command, ok: null };
  terminal.note(kleur.dim(`Running ${command}…`));
  try {
    await installDependencies(project.root, project.packageManager);
    return { command, ok: true };
  } catch (error) {
    if (!(error instanceof PayloadKVError)) throw error;
    terminal.note(`${kleur.red('✗')} ${error.message}`);
    if (error.nextStep) terminal.note(`  ${kleur.cyan('→')} ${error.nextStep}`);
    return { command, ok: false, error: error.message };
  }
}

function names(packageJson: string | undefined): boolean {
  return packageJson !== undefined && /"payload-kv"\s*:/.test(packageJson);
}

/** `1 file`, `2 files`. */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
