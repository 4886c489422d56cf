/** A plan as a person sees it. The very object that is shown is the one that is applied. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import kleur from 'kleur';
import type { FileChange, Plan, Refusal } from '../plan/plan.js';
import { printable } from './terminal.js';

/** The unified diff of a change, without colour. */
export function diffOf({ path, before, after }: FileChange): string {
  const from = before === undefined ? '/dev/null' : `a/${path}`;
  return createTwoFilesPatch(from, `b/${path}`, before ?? '', after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}

/** All changes as one coloured diff. */
export function diffLines(plan: Plan): string[] {
  return plan.changes.flatMap((change) => [
    '',
    ...printable(diffOf(change)).trimEnd().split('\n').map(coloured),
  ]);
}

function coloured(line: string): string {
  if (line.startsWith('---') || line.startsWith('+++')) return kleur.bold(line);
  if (line.startsWith('@@')) return kleur.cyan(line);
  if (line.startsWith('+')) return kleur.green(line);
  if (line.startsWith('-')) return kleur.red(line);
  return line;
}

/** What the person has to do by hand, with the lines to paste. */
export function refusalLines({ path, line, reason, paste }: Refusal): string[] {
  return [
    '',
    `${kleur.yellow('!')} ${printable(path)}${line === undefined ? '' : `:${line}`} is left to you. ${printable(reason)}`,
    '  Add by hand:',
    ...printable(paste)
      .split('\n')
      .map((it) => `    ${kleur.green(it)}`),
  ];
}

/** Something worth knowing that needs no change. */
export function noticeLine(text: string): string {
  return `${kleur.yellow('!')} ${printable(text)}`;
}

/** A plan as it stands in a `--json` document. */
export function planDocument(plan: Plan) {
  return {
    changes: plan.changes.map((change) => ({
      path: change.path,
      action: change.before === undefined ? ('create' as const) : ('edit' as const),
      diff: diffOf(change),
      content: change.after,
    })),
    refusals: plan.refusals,
    notices: plan.notices,
  };
}
