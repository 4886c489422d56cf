/** A plan as a person sees it. The very object that is shown is the one that is applied. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY, structuredPatch } from 'diff';
import kleur from 'kleur';
import type { Project } from '../inspect/project.js';
import { unresolvedSentences } from '../inspect/unresolved.js';
import type { KeptFile } from '../plan/commands/remove-plan.js';
import type { FileChange, Plan, Refusal } from '../plan/plan.js';
import { isLedgerLine, readLedger } from '../plan/schema/ledger.js';
import { runnable } from './runnable.js';
import { coloured } from './terminal/diff-line.js';
import { padded, printable, type Terminal, widthOf } from './terminal/terminal.js';

/** A plan, and the files that stay although it is about taking them away. */
export interface ShownPlan extends Plan {
  kept?: readonly KeptFile[];
}

/** How a plan is shown. */
export interface PlanView {
  /** Shows the diff of generated files as well. Default `false`: the summary has a line for each. */
  diff?: boolean | undefined;
  /** Width of the terminal. Default: lines are as long as they are. */
  columns?: number | undefined;
}

/**
 * All that a plan has to say: what happens to each file, the diff, what is left to the person, what stays, and what is
 * worth knowing. What a person has to look at most stands lowest, right above the question that comes next.
 */
export function planLines(plan: ShownPlan, view: PlanView = {}): string[] {
  const { refusals, notices, kept = [] } = plan;
  const rest = [
    ...kept.map(({ path, reason }) => noticeLine(`${path} is kept: ${reason}.`)),
    ...(kept.length > 0 ? ['  Delete what you no longer need, or run it again with --force.'] : []),
    ...notices.map(noticeLine),
  ];
  return [
    ...summaryLines(plan, view),
    ...diffLines(plan, view),
    ...refusals.flatMap(refusalLines),
    ...(rest.length > 0 ? ['', ...rest] : []),
  ];
}

/** What happens to how many files, and to which. */
function summaryLines(plan: Plan, { diff }: PlanView): string[] {
  if (plan.changes.length === 0) return [];
  const rows = inOrder(plan.changes).map((change) => ({ change, ...linesOf(change) }));
  const inYours = totalOf(rows.filter(({ change }) => actionOf(change) === 'edit' && !isGenerated(change)));
  const all = `${countOf(rows.length, 'file')}: ${said(totalOf(rows))}.`;
  const width = Math.max(...rows.map(({ change }) => widthOf(printable(change.path))));
  return [
    '',
    kleur.bold(all),
    inYours.added + inYours.removed === 0
      ? 'Nothing changes in files of yours that stay.'
      : `In files of yours that stay: ${said(inYours)}.`,
    '',
    ...rows.map(({ change, added, removed }) => {
      const counts = [
        ...(added > 0 ? [kleur.green(`+${added}`)] : []),
        ...(removed > 0 ? [kleur.red(`−${removed}`)] : []),
        ...(isGenerated(change) && !diff ? [kleur.dim('(--diff shows it)')] : []),
      ];
      const path = padded(printable(change.path), width);
      return `  ${kleur.dim(actionOf(change).padEnd(10))}${path}  ${counts.join(' ')}`;
    }),
  ];
}

function said({ added, removed }: LineCounts): string {
  if (added === 0) return removed === 0 ? 'no line changes' : `${countOf(removed, 'line')} taken out`;
  return `${countOf(added, 'line')} added${removed === 0 ? '' : `, ${removed} taken out`}`;
}

interface LineCounts {
  added: number;
  removed: number;
}

/** How many lines a change adds and takes out. */
function linesOf({ path, before = '', after = '' }: FileChange): LineCounts {
  const lines = structuredPatch(path, path, before, after, undefined, undefined, {
    context: 0,
  }).hunks.flatMap((hunk) => hunk.lines);
  const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
  return { added: count('+'), removed: count('-') };
}

function totalOf(rows: readonly LineCounts[]): LineCounts {
  return rows.reduce(
    (sum, { added, removed }) => ({ added: sum.added + added, removed: sum.removed + removed }),
    { added: 0, removed: 0 },
  );
}

/** Whether a file is the tool's own: it carries the ledger. */
function isGenerated({ before, after }: FileChange): boolean {
  return [before, after].some((text) => readLedger(text) !== undefined);
}

/** Generated files first, then those that come or go, and last the edits of what a person wrote. */
function inOrder(changes: readonly FileChange[]): FileChange[] {
  const rank = (change: FileChange) => (isGenerated(change) ? 0 : actionOf(change) === 'edit' ? 2 : 1);
  return [...changes].sort((one, other) => rank(one) - rank(other));
}

/** The unified diff of a change, without colour. */
export function diffOf({ path, before, after }: FileChange): string {
  const from = before === undefined ? '/dev/null' : `a/${path}`;
  const to = after === undefined ? '/dev/null' : `b/${path}`;
  return createTwoFilesPatch(from, to, before ?? '', after ?? '', undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}

/** The changes as one coloured diff. */
function diffLines(plan: Plan, { diff, columns }: PlanView): string[] {
  const shown = inOrder(plan.changes).filter((change) => diff || !isGenerated(change));
  return shown.flatMap((change) => [
    '',
    ...printable(diffOf(change))
      .trimEnd()
      .split('\n')
      .flatMap((line) => coloured(shortened(line), columns)),
  ]);
}

/** What only the tool reads in the generated schema fills many rows, and tells nobody anything. */
function shortened(line: string): string {
  return isLedgerLine(line.slice(1)) ? `${line.slice(0, 50)}…` : line;
}

const BEGINS_WITH_IMPORT = /^(?:import\b|const \{[^}]*\} = require\()/;

/** What the person has to do by hand, with the lines to paste. */
export function refusalLines({ path, line, reason, paste, by, instead }: Refusal): string[] {
  const block = (title: string, text: string, colour: (line: string) => string) => [
    `  ${title}`,
    ...printable(text.replace(/\n$/, ''))
      .split('\n')
      .map((it) => `    ${colour(it)}`),
  ];
  const there = BEGINS_WITH_IMPORT.test(paste)
    ? 'To stand there, the import among the others:'
    : 'To stand there:';
  const title = by === 'remove' ? 'Take out by hand:' : instead === undefined ? 'Add by hand:' : there;
  return [
    '',
    `${kleur.yellow('!')} ${printable(path)}${line === undefined ? '' : `:${line}`} is left to you. ${printable(reason)}`,
    ...(instead === undefined ? [] : block('Stands there now:', instead, kleur.red)),
    ...block(title, paste, by === 'remove' ? kleur.red : kleur.green),
  ];
}

/** What of the schema could not be read, and who would know. */
export function sayUnresolved({ schema, typesFile }: Project, terminal: Terminal): void {
  for (const sentence of unresolvedSentences(schema.unresolved)) terminal.say(noticeLine(sentence));
  if (schema.unresolved.length === 0) return;
  const types =
    typesFile === undefined
      ? '`payload generate:types` tells what is missing there'
      : `${typesFile} tells what is missing there`;
  terminal.say(`  ${printable(runnable(types))}; --exact asks Payload itself.`);
}

/** Something worth knowing that needs no change. */
export function noticeLine(text: string): string {
  return `${kleur.yellow('!')} ${printable(runnable(text))}`;
}

/** What happens to a file. */
function actionOf({ before, after }: FileChange): 'create' | 'edit' | 'delete' {
  if (after === undefined) return 'delete';
  return before === undefined ? 'create' : 'edit';
}

/** A plan as it stands in a `--json` document. */
export function planDocument(plan: Plan) {
  return {
    changes: plan.changes.map((change) => ({
      path: change.path,
      action: actionOf(change),
      generated: isGenerated(change),
      ...linesOf(change),
      diff: diffOf(change),
      content: change.after ?? null,
    })),
    refusals: plan.refusals,
    notices: plan.notices,
  };
}

/** `1 file`, `2 files`. */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
