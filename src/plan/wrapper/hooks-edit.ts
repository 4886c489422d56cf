/**
 * `hooks.ts` once less is cached. It is the user's, and nothing is added to it; a hook that an earlier `init` wrote for
 * what is no longer cached goes, unless somebody has touched it.
 */

import type { CodeStyle } from '../../inspect/code-style.js';
import { ts } from '../../inspect/typescript.js';
import type { WrapperShape } from '../../inspect/wrapper/shape.js';
import {
  asObject,
  unwrapped,
  valueIn,
  type WrittenMember,
  type WrittenObject,
  writtenValue,
} from '../../inspect/written-value.js';
import { contentHash } from '../schema/ledger.js';
import { fileStyle } from '../text/file-style.js';
import { restyle } from '../text/restyle.js';
import { lineAt } from '../text/splice.js';
import { removeMember } from '../text/splice-out.js';
import { type HookKind, printFormerHook } from './wrapper-file.js';

/** What a wrapper caches, before and after. */
export interface CachedChange {
  before: WrapperShape | undefined;
  after: WrapperShape | undefined;
}

/** The hooks after the change, and those of what is no longer cached that stay. */
export interface HooksEdit {
  text: string;
  /** Hooks that somebody wrote or changed, with their lines. */
  kept: { slug: string; line: number }[];
}

/** Lets the hooks follow what is cached. */
export function followCached(
  before: string,
  path: string,
  change: CachedChange,
  projectStyle: CodeStyle,
): HooksEdit {
  const kept: HooksEdit['kept'] = [];
  const style = fileStyle(before, path, projectStyle);
  let text = before;
  for (const kind of ['collections', 'globals'] as const) {
    const [old, now] = [slugsIn(change.before, kind), slugsIn(change.after, kind)];
    // Without a list everything is cached, and nothing tells what is gone.
    if (!old || !now) continue;
    for (const slug of old.filter((slug) => !now.includes(slug))) drop(kind, slug);
  }
  return { text, kept };

  function drop(kind: HookKind, slug: string): void {
    const object = hooksIn(text, path, kind);
    const index = object?.members.findIndex(({ name }) => name === slug) ?? -1;
    if (!object || index === -1) return;
    const member = object.members[index]!;
    const written = text.slice(member.start, member.end);
    const isOurs =
      contentHash(written) === contentHash(styled(kind, slug)) && !hasCommentBeside(text, member);
    if (isOurs) text = removeMember(text, object, index);
    else kept.push({ slug, line: lineAt(text, member.start) });
  }

  function styled(kind: HookKind, slug: string): string {
    const code = restyle(`({\n${printFormerHook(kind, slug)}\n})`, {
      ...style,
      indent: '  ',
      lineEnding: '\n',
    });
    const lines = code.split('\n').slice(1, -1);
    const dedented = lines.map((line) => line.replace(/^ {2}/, '')).join('\n');
    return dedented.replace(/,$/, '').replace(/^(?: {2})+/gm, (it) => style.indent.repeat(it.length / 2));
  }
}

/** The object literal of a kind of hooks, as far as everything around it is one as well. */
function hooksIn(text: string, path: string, kind: HookKind): WrittenObject | undefined {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (!initializer || !ts.isIdentifier(name) || name.text !== 'hooks') continue;
      const hooks = asObject(writtenValue(unwrapped(initializer)));
      if (hooks) return asObject(valueIn(hooks, kind));
    }
  }
  return undefined;
}

function slugsIn(shape: WrapperShape | undefined, kind: HookKind): string[] | undefined {
  const policies = shape?.[kind];
  return policies && !policies.open ? policies.entries.map(({ slug }) => slug) : undefined;
}

/** Whether a comment stands right above a member or behind it. */
function hasCommentBeside(text: string, { fullStart, start, end }: WrittenMember): boolean {
  const behind = /^,?[ \t]*(\/[/*])?/.exec(text.slice(end))![1];
  return /\/[/*]/.test(text.slice(fullStart, start)) || behind !== undefined;
}
