import { PayloadKVError } from '../errors.js';
import type { Check, CheckReport } from './check.js';
import type { DoctorContext } from './context.js';

/** Runs the checks in order. One that throws is one failed check, and the others run all the same; one that is cancelled ends it. */
export async function runChecks(
  checks: readonly Check[],
  context: DoctorContext,
  options: {
    verbose?: boolean;
    /** Told of each check before it runs. */
    onCheck?: (check: Check) => void;
    onReport?: (report: CheckReport) => void;
  } = {},
): Promise<CheckReport[]> {
  const reports: CheckReport[] = [];
  for (const check of checks) {
    options.onCheck?.(check);
    const report = await runOne(check, context, options.verbose ?? false);
    if (!report) continue;
    reports.push(report);
    options.onReport?.(report);
  }
  return reports;
}

async function runOne(
  check: Check,
  context: DoctorContext,
  verbose: boolean,
): Promise<CheckReport | undefined> {
  const { id, title } = check;
  try {
    const result = await check.run(context);
    return result && { id, title, ...result };
  } catch (error) {
    // Who presses Ctrl-C wants no further check.
    if (error instanceof PayloadKVError && error.code === 'CANCELLED') throw error;
    const stack = verbose && error instanceof Error ? error.stack?.split('\n') : undefined;
    const known = error instanceof PayloadKVError ? error : undefined;
    const message = error instanceof Error ? error.message : String(error);
    const place = known?.location && `${known.location.file}:${known.location.line ?? 1}: `;
    return {
      id,
      title,
      status: 'fail',
      summary: known ? `${place ?? ''}${message}` : `the check itself failed: ${message}`,
      ...(stack ? { details: stack } : {}),
      fix: known?.nextStep ?? 'Run `payload-kv doctor --verbose` and report what it says.',
    };
  }
}
