/**
 * The way of a plan through a command: shown, agreed to, written, and the packages installed. It is the same in every
 * command that writes.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'jsonc-parser';
import kleur from 'kleur';
import { installCommand, installDependencies } from '../apply/install.js';
import { writeChanges } from '../apply/write.js';
import { PayloadKVError } from '../errors.js';
import { upwards } from '../inspect/file-system.js';
import { readPackageManager } from '../inspect/package-manager.js';
import type { Project } from '../inspect/project.js';
import type { Plan } from '../plan/plan.js';
import { shellQuoted } from './shell-quoted.js';
import { countOf, planDocument, planLines, type ShownPlan } from './show-plan.js';
import type { Questions } from './terminal/questions.js';
import { columnsOf, printable, type Terminal } from './terminal/terminal.js';

/** The flags that every command which writes has in common. */
export interface WriteOptions {
  /** Writes without asking. */
  yes?: boolean;
  /** Shows the diff and writes nothing. */
  dryRun?: boolean;
  /** Shows the diff of generated files as well. Default `false`: they have a line in the summary. */
  diff?: boolean;
  /** `false` leaves the installation to the person. Default `true`. */
  install?: boolean;
}

/** What a command has to say and to do on the way of its plan. */
export interface Course {
  project: Pick<Project, 'root' | 'packageManager'>;
  /** What is said where there is nothing to write. */
  nothing: string;
  /** What is said once it is written. */
  written(plan: Plan): string;
  /** What has to be settled before the last question; not for a dry run. */
  beforehand?(): Promise<void>;
  /** The plan once it is agreed to, where something of it is known only then. */
  agreed?(): Promise<Plan>;
}

/** What became of a plan. */
export interface Outcome {
  /** The plan as it was written, or would be. */
  plan: ShownPlan;
  written: boolean;
  /** `null` where nothing had to be installed. */
  install: InstallOutcome | null;
}

/**
 * Shows a plan, asks, writes it and installs what it needs.
 * @throws PayloadKVError `MISSING_ANSWERS` where nobody can be asked, `CANCELLED`, and what writing throws
 */
export async function carryOut(
  plan: ShownPlan,
  course: Course,
  options: WriteOptions,
  terminal: Terminal,
  questions: Questions,
): Promise<Outcome> {
  const left: Outcome = { plan, written: false, install: null };
  const lines = planLines(plan, { diff: options.diff, columns: columnsOf(terminal) });
  for (const line of lines) terminal.say(line);
  if (plan.changes.length === 0) {
    if (lines.length > 0) terminal.say();
    terminal.say(course.nothing);
    return left;
  }
  if (options.dryRun) {
    terminal.say('\nDry run: nothing was written.');
    return left;
  }
  await course.beforehand?.();
  if (!(await mayWrite(plan, options, terminal, questions))) {
    terminal.say('Nothing was written.');
    return left;
  }
  const final = course.agreed ? { ...plan, ...(await course.agreed()) } : plan;
  writeChanges(course.project.root, final.changes);
  terminal.say();
  terminal.say(course.written(final));
  return {
    plan: final,
    written: true,
    install: await installIfNeeded(course.project, final, options, terminal),
  };
}

/** What became of a plan, as it stands in the `--json` document of every command that writes. */
export function outcomeDocument(
  { plan, written, install }: Outcome,
  nextSteps: readonly string[],
): ReturnType<typeof planDocument> & Omit<Outcome, 'plan'> & { nextSteps: readonly string[] } {
  return { ...planDocument(plan), written, install, nextSteps };
}

/** Steps that are taken in the project's directory: behind the one that leads there, for who stands elsewhere. */
export function stepsIn(root: string, steps: readonly string[]): string[] {
  const away = path.relative(root, process.cwd());
  const isElsewhere = away.split(path.sep)[0] === '..' || path.isAbsolute(away);
  if (steps.length === 0 || !isElsewhere) return [...steps];
  const directory = path.relative(process.cwd(), root);
  return [`cd ${/^[\w@%+=:,./-]+$/.test(directory) ? directory : shellQuoted(directory)}`, ...steps];
}

/** What is left to do, one line each; nothing where there is nothing. */
export function sayNext(steps: readonly string[], terminal: Terminal): void {
  if (steps.length === 0) return;
  terminal.say();
  terminal.say(kleur.bold('Next'));
  for (const step of steps) terminal.say(`  ${kleur.cyan('→')} ${printable(step)}`);
}

/** Whether the plan may be written: `--yes` says so, or a person does. */
async function mayWrite(
  plan: Plan,
  options: WriteOptions,
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
  return questions.confirm(`Write ${countOf(plan.changes.length, 'file')}?`, true);
}

/** What became of the installation. */
export interface InstallOutcome {
  command: string;
  /** `null` where it was left to the person. */
  ok: boolean | null;
  error?: string;
}

/** Lets the package manager follow `package.json`, where the plan puts a package in or takes one out. */
export async function installIfNeeded(
  project: Pick<Project, 'root' | 'packageManager'>,
  plan: Plan,
  options: WriteOptions,
  terminal: Terminal,
): Promise<InstallOutcome | null> {
  const change = plan.changes.find(({ path }) => path === 'package.json');
  const [before, after] = [dependenciesIn(change?.before), dependenciesIn(change?.after)];
  const has = (all: string[][], one: string[]) => all.some((each) => each.join() === one.join());
  const isPutIn = after.some((each) => !has(before, each));
  const takenOut = before.filter((each) => !has(after, each));
  if (!change || (!isPutIn && takenOut.length === 0)) return null;
  const command = installCommand(project.packageManager);
  if (options.install === false) return { command, ok: null };
  // A package that goes is to leave no lock file where none was.
  const locked = isPutIn || readPackageManager(project.root).lockFileDir !== undefined;
  if (!locked && !takenOut.some(([, name]) => isInstalled(project.root, name!))) return null;
  terminal.note(kleur.dim(`Running ${command}…`));
  try {
    await installDependencies(project.root, project.packageManager, { locked });
    return { command, ok: true };
  } catch (error) {
    if (!(error instanceof PayloadKVError)) throw error;
    terminal.note(`${kleur.red('✗')} ${error.message}`);
    if (error.nextStep) terminal.note(`  ${kleur.cyan('→')} ${error.nextStep}`);
    return { command, ok: false, error: error.message };
  }
}

/** The dependencies that a `package.json` has: where they stand, the name, the version. */
function dependenciesIn(packageJson: string | undefined): string[][] {
  const parsed = (parse(packageJson?.replace(/^\uFEFF/, '') ?? '{}') ?? {}) as Record<string, object>;
  return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.entries(parsed[kind] ?? {}).map(([name, version]) => [kind, name, String(version)]),
  );
}

function isInstalled(root: string, name: string): boolean {
  return upwards(root).some((directory) => existsSync(path.join(directory, 'node_modules', name)));
}
