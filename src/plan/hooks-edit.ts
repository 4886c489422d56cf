/**
 * `hooks.ts` once less is cached. It is the user's, and nothing is added to it; a hook that an earlier `init` wrote for
 * what is no longer cached goes, unless somebody has touched it.
 */
import { ts } from 'ts-morph';
import { type CodeStyle, detectCodeStyle } from '../inspect/code-style.js';
import { propertyName } from '../inspect/property-name.js';
import { contentHash } from './ledger.js';
import { restyle } from './restyle.js';
import { lineAt } from './splice.js';
import { removeMember } from './splice-out.js';
import { type HookKind, printFormerHook } from './wrapper-file.js';
import type { WrapperShape } from './wrapper-shape.js';

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
  const style = detectCodeStyle([parse(before, path)], projectStyle);
  let text = before;
  for (const kind of ['collections', 'globals'] as const) {
    const [old, now] = [slugsIn(change.before, kind), slugsIn(change.after, kind)];
    // Without a list everything is cached, and nothing tells what is gone.
    if (!old || !now) continue;
    for (const slug of old.filter((slug) => !now.includes(slug))) drop(kind, slug);
  }
  return { text, kept };

  function drop(kind: HookKind, slug: string): void {
    const object = hooksIn(text, path)?.[kind];
    const index = object?.properties.findIndex((it) => nameOf(it) === slug) ?? -1;
    if (!object || index === -1) return;
    const member = object.properties[index]!;
    const isOurs =
      contentHash(member.getText()) === contentHash(styled(kind, slug)) && !hasCommentBeside(text, member);
    if (isOurs) text = removeMember(text, spanOf(object), index);
    else kept.push({ slug, line: lineAt(text, member.getStart()) });
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

function parse(text: string, path: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** The object literals of the hooks, as far as they are literals. */
function hooksIn(
  text: string,
  path: string,
): Partial<Record<HookKind, ts.ObjectLiteralExpression>> | undefined {
  for (const statement of parse(text, path).statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      const value = initializer && unwrapped(initializer);
      if (!ts.isIdentifier(name) || name.text !== 'hooks' || !value || !ts.isObjectLiteralExpression(value))
        continue;
      const members = value.properties.flatMap((member) => {
        const object = ts.isPropertyAssignment(member) ? unwrapped(member.initializer) : undefined;
        return object && ts.isObjectLiteralExpression(object) ? [[nameOf(member), object]] : [];
      });
      return Object.fromEntries(members) as ReturnType<typeof hooksIn>;
    }
  }
  return undefined;
}

function slugsIn(shape: WrapperShape | undefined, kind: HookKind): string[] | undefined {
  const policies = shape?.[kind];
  return policies && !policies.open ? policies.entries.map(({ slug }) => slug) : undefined;
}

/** Whether a comment stands right above a member or behind it. */
function hasCommentBeside(text: string, member: ts.Node): boolean {
  const above = text.slice(member.pos, member.getStart());
  const behind = /^,?[ \t]*(\/[/*])?/.exec(text.slice(member.end))![1];
  return /\/[/*]/.test(above) || behind !== undefined;
}

function nameOf(member: ts.ObjectLiteralElementLike): string | undefined {
  return member.name && propertyName(member.name);
}

function unwrapped(node: ts.Expression): ts.Expression {
  return ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)
    ? unwrapped(node.expression)
    : node;
}

function spanOf(object: ts.ObjectLiteralExpression) {
  const members = object.properties.map((it) => ({ start: it.getStart(), end: it.end }));
  return { start: object.getStart(), end: object.end, members };
}
