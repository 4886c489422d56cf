/** What pages make superfluous, as a part of the plan of `init`: taken out where that was agreed to, else named. */
import type { FileChange, Plan } from '../plan.js';
import type { Ledger } from '../schema/ledger.js';
import type { Superfluous, SuperfluousIn } from './superfluous.js';

/** What was found, and whether it is to go. */
export interface TakeOut {
  found: Superfluous;
  goes: boolean;
  /** Whether pages follow writes once the plan is written: until they do, nothing goes. Default `true`. */
  follows?: boolean;
}

/** The same plan, and what is superfluous out of the files of the site, or a word on it. */
export function takeOut(plan: Plan, superfluous: TakeOut | undefined): Plan {
  if (!superfluous) return plan;
  const { found } = superfluous;
  const notices = [...plan.notices, ...noticesOf(superfluous)];
  if (!isGoing(superfluous)) return { ...plan, notices };
  const changes: FileChange[] = [...plan.changes];
  for (const { path, text } of found.files) {
    const at = changes.findIndex((change) => change.path === path);
    // The config may hold a list of hooks, and it is wired besides.
    const { before, after } = changes[at] ?? { before: text, after: text };
    const change = { path, before, after: found.without(path, after ?? text) };
    if (at !== -1) changes[at] = change;
    else if (change.after !== before) changes.push(change);
  }
  return { ...plan, changes, notices };
}

/** The ledger that knows out of which files code was taken: `remove` puts that back together, or not at all. */
export function withTakenOut(ledger: Ledger, superfluous: TakeOut | undefined): Ledger {
  const paths = superfluous && isGoing(superfluous) ? superfluous.found.files.map(({ path }) => path) : [];
  if (paths.length === 0) return ledger;
  return { ...ledger, takenOut: [...new Set([...(ledger.takenOut ?? []), ...paths])].sort() };
}

/** `src/collections/Posts.ts (revalidatePost, revalidateDelete)` */
export function namesIn({ path, names }: SuperfluousIn): string {
  return `${path} (${[...new Set(names)].join(', ')})`;
}

function isGoing({ goes, follows = true }: TakeOut): boolean {
  return goes && follows;
}

function noticesOf({ found: { files, unused, kept }, goes, follows = true }: TakeOut): string[] {
  const notices: string[] = [];
  if (kept) {
    const stay = kept.all
      ? 'hooks that revalidate and `unstable_cache` stay: it may rely on them.'
      : 'the hooks that revalidate stay: they may be what makes that stale.';
    notices.push(`${kept.path}:${kept.line} has ${kept.what}, so ${stay}`);
  }
  if (files.length === 0) return notices;
  if (!follows) {
    return [
      ...notices,
      `Pages do not follow writes yet, so ${files.map(namesIn).join(', ')} stays as it is. Once they do, run init with --take-out-hooks.`,
    ];
  }
  if (!goes) {
    return [
      ...notices,
      `With pages nothing needs ${files.map(namesIn).join(', ')} any more. --take-out-hooks takes that out.`,
    ];
  }
  if (unused.later.length > 0) {
    const [stay, them] = unused.later.length === 1 ? ['stays', 'it'] : ['stay', 'them'];
    notices.push(
      `${unused.later.join(', ')} ${stay}, though nothing imports ${them} any more: \`remove\` brings back what does.`,
    );
  }
  return notices;
}
