import kleur from 'kleur';
import type { CheckReport } from '../../doctor/check.js';
import { checks } from '../../doctor/checks.js';
import { type DoctorContext, doctorContext } from '../../doctor/context.js';
import { planFix } from '../../doctor/fix-plan.js';
import { ADD_DEVELOPMENT } from '../../doctor/installed-package.js';
import { wranglerRemote } from '../../doctor/remote.js';
import { checkText, summaryText } from '../../doctor/report.js';
import { runChecks } from '../../doctor/run-checks.js';
import { PayloadKVError } from '../../errors.js';
import type { Project } from '../../inspect/project.js';
import { filesToRead } from '../../plan/commands/init-input.js';
import { type Course, carryOut, type InstallOutcome } from '../carry-out.js';
import { packageVersion, readTemplates } from '../package-files.js';
import { readProjectFiles, wranglerProvisions } from '../project-files.js';
import { projectReader } from '../read-project.js';
import { runnable } from '../runnable.js';
import { countOf, planDocument } from '../show-plan.js';
import { createProgress, type Progress } from '../terminal/progress.js';
import { createQuestions } from '../terminal/questions.js';
import { fittedDetails, printable, type Terminal } from '../terminal/terminal.js';
import { typesByWrangler } from '../wrangler-types.js';

/** Options of `payload-kv doctor`. */
export interface DoctorOptions {
  /** Directory of the project. */
  cwd: string;
  /** Path of the Payload config, absolute or relative to `cwd`. Default: searched for. */
  config?: string;
  /** Asks Payload itself for the schema, as `init --exact` did. Default `false`. */
  exact?: boolean;
  /** Repairs what is safe to repair, once the diff is agreed to, and checks again. Default `false`. */
  fix?: boolean;
  /** With `fix`: writes without asking. Default `false`. */
  yes?: boolean;
  /** With `fix`: shows the diff and writes nothing. Default `false`. */
  dryRun?: boolean;
  /** With `fix`: shows the diff of generated files as well. Default `false`. */
  diff?: boolean;
  /** With `fix`: `false` leaves the installation of the dependency to the person. Default `true`. */
  install?: boolean;
  /** Checks what is deployed as well, through the project's own wrangler. Default `false`: no network at all. */
  remote?: boolean;
  /** With `remote`: the environments of the wrangler config to look at, `''` the top level. Default: all. */
  env?: string[];
}

/** What `--json` prints. */
export interface DoctorResult extends Partial<ReturnType<typeof planDocument>> {
  command: 'doctor';
  /** Whether nothing failed; with `--fix`, whether nothing fails any more. */
  ok: boolean;
  /** With `--fix`, how it is once the repairs are written. */
  checks: CheckReport[];
  /** With `--fix`: whether the changes were written. */
  written?: boolean;
  /** With `--fix`: what became of the installation, `null` where none was needed. */
  install?: InstallOutcome | null;
}

/**
 * Checks the cache of a project; with `fix`, repairs it first.
 * @returns the exit code: 0 where nothing failed, 1 where something did
 * @throws PayloadKVError where there is no project to check, or nobody to agree to a repair: the exit code is then 2
 */
export async function runDoctor(options: DoctorOptions, terminal: Terminal): Promise<0 | 1> {
  requireFix(options);
  requireRemote(options);
  const { verbose } = terminal;
  const readAgain = await projectReader(options, terminal);
  if (options.env) requireEnvironments(readAgain(), options.env);
  const fixed = options.fix ? await repair(readAgain(), options, terminal) : undefined;
  const progress = createProgress(terminal);
  const context = await doctorContext(readAgain());
  if (options.remote) context.remote = remoteOf(context, options, progress);
  // As they come: those of what is deployed take seconds.
  const reports = await runChecks(checks, context, {
    verbose,
    onCheck: ({ title }) => progress.show(title),
    onReport: (report) => {
      progress.clear();
      terminal.say(fittedDetails(checkText(printableReport(report), { verbose }).trimEnd(), terminal.stdout));
    },
  }).finally(progress.clear);
  const ok = reports.every(({ status }) => status !== 'fail');
  terminal.say(summaryText(reports).trimEnd());
  terminal.document({ command: 'doctor', ok, checks: reports, ...fixed } satisfies DoctorResult);
  return ok ? 0 : 1;
}

function requireFix({ fix, yes, dryRun, diff, install }: DoctorOptions): void {
  const flags = { '--yes': yes, '--dry-run': dryRun, '--diff': diff, '--no-install': install === false };
  const flag = Object.entries(flags).find(([, isGiven]) => isGiven)?.[0];
  if (fix || flag === undefined) return;
  throw new PayloadKVError({
    code: 'USAGE',
    message: `${flag} has a meaning with --fix only: without it doctor writes nothing.`,
    nextStep: `Run \`payload-kv doctor --fix ${flag}\`, or leave ${flag} away.`,
  });
}

function requireRemote({ remote, env }: DoctorOptions): void {
  if (remote || env === undefined) return;
  throw new PayloadKVError({
    code: 'USAGE',
    message: '--env has a meaning with --remote only: without it every environment of the config is checked.',
    nextStep: `Run \`payload-kv doctor --remote --env ${env[0] || "''"}\`, or leave --env away.`,
  });
}

/** Before anything is repaired: a wrong name is no reason to stop half-way. */
function requireEnvironments({ wrangler }: Project, env: readonly string[]): void {
  const known = Object.keys(wrangler?.env ?? {});
  const unknown = env.find((name) => name !== '' && !known.includes(name));
  if (unknown === undefined) return;
  throw new PayloadKVError({
    code: 'USAGE',
    message: `${wrangler ? `${wrangler.path} has` : 'There is no wrangler config, so there is'} no environment \`${unknown}\`.`,
    nextStep:
      known.length > 0 ? `Name one of those that there are: ${known.join(', ')}.` : 'Leave --env away.',
  });
}

function remoteOf(
  { project, findPackage, command }: DoctorContext,
  { env }: DoctorOptions,
  progress: Progress,
): ReturnType<typeof wranglerRemote> {
  const { root, wrangler, packageManager } = project;
  return wranglerRemote({
    root,
    wrangler,
    command,
    installed: findPackage('wrangler'),
    add: ADD_DEVELOPMENT[packageManager],
    onCommand: progress.show,
    ...(env ? { environments: env } : {}),
  });
}

/** Shows what can be repaired, and writes it where that is agreed to. */
async function repair(
  project: Project,
  options: DoctorOptions,
  terminal: Terminal,
): Promise<Omit<DoctorResult, 'command' | 'ok' | 'checks'>> {
  // What needs wrangler or a server tells nothing that could be repaired in a file.
  const readable = checks.filter(({ reaches }) => !reaches);
  const input = {
    project,
    files: readProjectFiles(project.root, filesToRead(project)),
    templates: readTemplates(),
    packageRange: `^${packageVersion()}`,
    wranglerProvisions: wranglerProvisions(project),
  };
  const found = await runChecks(readable, await doctorContext(project));
  const types = await typesByWrangler(project, planFix(input, found), terminal);
  const plan = planFix({ ...input, ...types }, found);
  const course: Course = {
    project,
    nothing: 'There is nothing that doctor itself would repair.',
    written: ({ changes }) => `${kleur.green('✓')} ${countOf(changes.length, 'file')} written.`,
  };
  const { written, install } = await carryOut(plan, course, options, terminal, createQuestions(terminal));
  terminal.say();
  return { ...planDocument(plan), written, install };
}

function printableReport(report: CheckReport): CheckReport {
  const { summary, details, fix } = report;
  return {
    ...report,
    summary: printable(summary),
    ...(details ? { details: details.map((text) => printable(runnable(text))) } : {}),
    ...(fix === undefined ? {} : { fix: printable(runnable(fix)) }),
  };
}
