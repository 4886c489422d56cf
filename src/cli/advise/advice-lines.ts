/** Advice as rows of a terminal. */
import kleur from 'kleur';
import type { Advice, Effect } from '../../plan/advice/advice.js';
import { counted } from '../../plan/advice/evidence.js';
import type { Statistics } from '../../runtime/observe/snapshot.js';
import { brokenAt, oneLine } from '../terminal/terminal.js';

/** The rows, none of them wider than the terminal, as far as their words let them. */
export function adviceLines(advice: readonly Advice[], statistics: Statistics, columns = 80): string[] {
  const lines = [kleur.dim(wrapped(introduction(statistics), '', columns))];
  for (const each of advice) {
    lines.push(
      '',
      `${kleur.bold(oneLine(each.name))}  ${kleur.cyan(each.kind)}`,
      wrapped(`${oneLine(each.now)} → ${kleur.green(oneLine(each.proposed))}`, '  ', columns),
      kleur.dim(wrapped(oneLine(each.because), '  ', columns)),
      ...effectLines(each.effect).map((line) => wrapped(line, '  ', columns)),
    );
  }
  if (advice.length === 0) lines.push('', nothing(statistics));
  return lines;
}

const wrapped = (text: string, indentation: string, columns: number): string =>
  brokenAt(indentation + text, columns, indentation);

function introduction({ since, at, processes, scope, reuse }: Statistics): string {
  const reads = Object.values(reuse).reduce((sum, each) => sum + each.reads, 0);
  const of = scope === 'all' ? counted(processes, 'process', 'processes') : 'one process alone';
  return `From ${counted(reads, 'read')} in ${spanText(at - since)}, of ${of}. What is expected is the same once more, each proposal by itself.`;
}

function spanText(milliseconds: number): string {
  const minutes = Math.max(0, milliseconds) / 60_000;
  if (minutes < 90) return counted(Math.round(minutes), 'minute');
  return minutes < 48 * 60
    ? counted(Math.round(minutes / 60), 'hour')
    : counted(Math.round(minutes / 1440), 'day');
}

function effectLines({ hits, queries, databaseTime, writes }: Effect): string[] {
  const rounded = Math.round(databaseTime);
  const time = rounded >= 1 ? `, ${timeText(rounded)} of the database` : '';
  const better = [
    ...(hits > 0 ? [`${counted(hits, 'hit')} more`] : []),
    ...(queries > 0 ? [`${counted(queries, 'query', 'queries')} fewer${time}`] : []),
    ...(writes > 0 ? [`${counted(writes, 'entry', 'entries')} fewer written`] : []),
  ];
  const worse = [
    ...(hits < 0 ? [`${counted(-hits, 'hit')} fewer`] : []),
    ...(writes < 0 ? [`${counted(-writes, 'entry', 'entries')} more written`] : []),
  ];
  return [
    ...(better.length > 0 ? [`${kleur.green('+')} ${better.join('; ')}`] : []),
    ...(worse.length > 0 ? [`${kleur.yellow('−')} ${worse.join('; ')}`] : []),
  ];
}

const timeText = (milliseconds: number): string =>
  milliseconds < 10_000
    ? `${milliseconds.toLocaleString('en-US')} ms`
    : `${Math.round(milliseconds / 1000).toLocaleString('en-US')} s`;

function nothing({ reuse }: Statistics): string {
  const isAsked = Object.values(reuse).some(({ reads }) => reads >= 100);
  return isAsked
    ? `${kleur.green('✓')} Nothing to propose.`
    : 'Nothing to propose yet: fewer than a hundred reads of any collection say nothing of the next ones.';
}
