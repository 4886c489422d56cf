import type { DoctorContext } from './context.js';

/** How a check ended. `warn` is also the answer where something could not be checked. */
export type CheckStatus = 'ok' | 'warn' | 'fail';

/** What a check found. */
export interface CheckResult {
  status: CheckStatus;
  /** One line: what is so, or what is wrong. */
  summary: string;
  /** More lines, each a finding of its own; shown for warnings and failures, for all with `--verbose`. */
  details?: string[];
  /** The exact next step. Every failure has one. */
  fix?: string;
}

/** One thing that `doctor` looks at. One file each. */
export interface Check {
  /** Stable identifier; scripts may rely on it. */
  id: string;
  /** What is checked, as a noun phrase. */
  title: string;
  /** Starts wrangler or asks a server, also without `--remote`: what it finds is repaired in no file. */
  reaches?: true;
  /** `undefined` where the check has nothing to look at in this project: it is then not listed. */
  run(context: DoctorContext): CheckResult | undefined | Promise<CheckResult | undefined>;
}

/** A check's result with its name. */
export interface CheckReport extends CheckResult {
  id: string;
  title: string;
}

/** Nothing to complain about. */
export function ok(summary: string, details?: string[]): CheckResult {
  return { status: 'ok', summary, ...(details?.length ? { details } : {}) };
}

/** Works, or could not be checked; a person should look at it. */
export function warn(summary: string, more: { details?: string[]; fix?: string } = {}): CheckResult {
  return { status: 'warn', summary, ...more };
}

/** Does not work. */
export function fail(summary: string, more: { details?: string[]; fix: string }): CheckResult {
  return { status: 'fail', summary, ...more };
}

/** `1 check`, `2 checks`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
