import type { CheckReport } from '../../doctor/check.js';
import { checks } from '../../doctor/checks.js';
import { doctorContext } from '../../doctor/context.js';
import { checkText, summaryText } from '../../doctor/report.js';
import { runChecks } from '../../doctor/run-checks.js';
import { withExactSchema } from '../../inspect/exact-schema.js';
import { inspectProject, type Project } from '../../inspect/project.js';
import { printable } from '../terminal.js';

/** Options of `payload-kv doctor`. */
export interface DoctorOptions {
  /** Directory of the project. */
  cwd: string;
  /** Path of the Payload config, absolute or relative to `cwd`. Default: searched for. */
  config?: string;
  /** Asks Payload itself for the schema, as `init --exact` did. Default `false`. */
  exact?: boolean;
  /** One JSON document instead of text. Default `false`. */
  json?: boolean;
  /** Details of checks that are fine, and stack traces. Default `false`. */
  verbose?: boolean;
  /** Where the result goes, e.g. `process.stdout`. */
  out: { write(text: string): unknown };
}

/** What `--json` prints. */
export interface DoctorResult {
  command: 'doctor';
  /** Whether nothing failed. */
  ok: boolean;
  checks: CheckReport[];
}

/**
 * Checks the cache of a project.
 * @returns the exit code: 0 where nothing failed, 1 where something did
 * @throws PayloadKVError where there is no project to check: the exit code is then 2
 */
export async function runDoctor(options: DoctorOptions): Promise<0 | 1> {
  const { cwd, config, exact = false, json = false, verbose = false, out } = options;
  const read = inspectProject({ cwd, partial: exact, ...(config === undefined ? {} : { config }) });
  const project = exact ? withExactSchema(read, await exactSchema(read)) : read;
  const context = await doctorContext(project);
  const reports = await runChecks(checks, context, {
    verbose,
    // As they come: the round trip takes seconds.
    ...(json ? {} : { onReport: (report) => out.write(checkText(printableReport(report), { verbose })) }),
  });
  const ok = reports.every(({ status }) => status !== 'fail');
  if (json)
    out.write(
      `${JSON.stringify({ command: 'doctor', ok, checks: reports } satisfies DoctorResult, undefined, 2)}\n`,
    );
  else out.write(summaryText(reports));
  return ok ? 0 : 1;
}

async function exactSchema(project: Project) {
  const { readExactSchema } = await import('../exact/read-exact.js');
  return readExactSchema(project);
}

function printableReport(report: CheckReport): CheckReport {
  const { summary, details, fix } = report;
  return {
    ...report,
    summary: printable(summary),
    ...(details ? { details: details.map(printable) } : {}),
    ...(fix === undefined ? {} : { fix: printable(fix) }),
  };
}
