/** A plan as a person sees it. The very object that is shown is the one that is applied. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import kleur from 'kleur';
import type { Project } from '../inspect/project.js';
import { unresolvedSentences } from '../inspect/unresolved.js';
import { isLedgerLine } from '../plan/ledger.js';
import type { FileChange, Plan, Refusal } from '../plan/plan.js';
import type { KeptFile } from '../plan/remove-plan.js';
import type { Outcome } from './confirm.js';
import { printable, type Terminal } from './terminal.js';

/** A plan, and the files that stay although it is about taking them away. */
export interface ShownPlan extends Plan {
  kept?: readonly KeptFile[];
}

/** All that a plan has to say: the diff, what is left to the person, what stays, and what is worth knowing. */
export function planLines(plan: ShownPlan): string[] {
  const { refusals, notices, kept = [] } = plan;
  const rest = [
    ...kept.map(({ path, reason }) => noticeLine(`${path} is kept: ${reason}.`)),
    ...(kept.length > 0 ? ['  Delete what you no longer need, or run it again with --force.'] : []),
    ...notices.map(noticeLine),
  ];
  return [...diffLines(plan), ...refusals.flatMap(refusalLines), ...(rest.length > 0 ? ['', ...rest] : [])];
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

/** All changes as one coloured diff. */
export function diffLines(plan: Plan): string[] {
  return plan.changes.flatMap((change) => [
    '',
    ...printable(diffOf(change)).trimEnd().split('\n').map(shortened).map(coloured),
  ]);
}

/** What only the tool reads in the generated schema fills many rows, and tells nobody anything. */
function shortened(line: string): string {
  return isLedgerLine(line.slice(1)) ? `${line.slice(0, 72)}…` : line;
}

function coloured(line: string): string {
  if (line.startsWith('---') || line.startsWith('+++')) return kleur.bold(line);
  if (line.startsWith('@@')) return kleur.cyan(line);
  if (line.startsWith('+')) return kleur.green(line);
  if (line.startsWith('-')) return kleur.red(line);
  return line;
}

/** What the person has to do by hand, with the lines to paste. */
export function refusalLines({ path, line, reason, paste, by, instead }: Refusal): string[] {
  const block = (title: string, text: string, colour: (line: string) => string) => [
    `  ${title}`,
    ...printable(text.replace(/\n$/, ''))
      .split('\n')
      .map((it) => `    ${colour(it)}`),
  ];
  const title =
    by === 'remove' ? 'Take out by hand:' : instead === undefined ? 'Add by hand:' : 'To stand there:';
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
  terminal.say(`  ${printable(types)}; --exact asks Payload itself.`);
}

/** Something worth knowing that needs no change. */
export function noticeLine(text: string): string {
  return `${kleur.yellow('!')} ${printable(text)}`;
}

/** What happens to a file. */
export function actionOf({ before, after }: FileChange): 'create' | 'edit' | 'delete' {
  if (after === undefined) return 'delete';
  return before === undefined ? 'create' : 'edit';
}

/** A plan as it stands in a `--json` document. */
export function planDocument(plan: Plan) {
  return {
    changes: plan.changes.map((change) => ({
      path: change.path,
      action: actionOf(change),
      diff: diffOf(change),
      content: change.after ?? null,
    })),
    refusals: plan.refusals,
    notices: plan.notices,
  };
}

/** What became of a plan, as it stands in the `--json` document of every command that writes. */
export function outcomeDocument(
  { plan, written, install }: Outcome,
  nextSteps: readonly string[],
): ReturnType<typeof planDocument> & Omit<Outcome, 'plan'> & { nextSteps: readonly string[] } {
  return { ...planDocument(plan), written, install, nextSteps };
}
