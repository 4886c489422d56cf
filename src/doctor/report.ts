import kleur from 'kleur';
import { type CheckReport, type CheckStatus, counted } from './check.js';

const MARKS: Record<CheckStatus, string> = { ok: '✓', warn: '!', fail: '✗' };
const COLOURS: Record<CheckStatus, (text: string) => string> = {
  ok: (text) => kleur.green(text),
  warn: (text) => kleur.yellow(text),
  fail: (text) => kleur.red(text),
};

/** One check as text: a line, and below it what is wrong and the next step. */
export function checkText(report: CheckReport, options: { verbose?: boolean } = {}): string {
  const { status, title, summary, details = [], fix } = report;
  const lines = [`${COLOURS[status](MARKS[status])} ${title}: ${summary}`];
  if (status !== 'ok' || options.verbose) lines.push(...details.map((detail) => kleur.dim(`    ${detail}`)));
  if (fix)
    lines.push(...fix.split('\n').map((line, position) => `${position === 0 ? '  → ' : '    '}${line}`));
  return `${lines.join('\n')}\n`;
}

/** The last line: how many checks ended how. */
export function summaryText(reports: readonly CheckReport[]): string {
  const count = (status: CheckStatus) => reports.filter((report) => report.status === status).length;
  const parts = [`${count('ok')} ok`];
  if (count('warn') > 0) parts.push(counted(count('warn'), 'warning'));
  if (count('fail') > 0) parts.push(counted(count('fail'), 'failure'));
  return `\n${counted(reports.length, 'check')}: ${parts.join(', ')}\n`;
}
