/** A cache of another plugin, as a part of the plan of `init`: it goes where it is to be replaced. */

import type { OtherCache } from '../../inspect/other-caches.js';
import { ts } from '../../inspect/typescript.js';
import type { FileChange, Plan } from '../plan.js';
import type { Ledger } from '../schema/ledger.js';
import { removeMember } from '../text/splice-out.js';
import { removeStatement } from '../text/splice-statement.js';

/** A cache of another plugin that is written out. */
export type Replaced = OtherCache & Required<Pick<OtherCache, 'options' | 'text'>>;

/** The same plan without the other cache. Where ours could not be put in, the other one stays. */
export function takeOutOther(plan: Plan, other: Replaced | undefined): Plan {
  if (!other || !goes(plan)) return plan;
  const { file } = other.location;
  const at = plan.changes.findIndex(({ path }) => path === file);
  const { before, after } = plan.changes[at] ?? { before: other.text, after: other.text };
  const change: FileChange = { path: file, before, after: withoutCall(after ?? other.text, file, other) };
  const changes = at === -1 ? [...plan.changes, change] : plan.changes.with(at, change);
  return { ...plan, changes, notices: [...plan.notices, ...unusedNotices(other, change.after ?? '')] };
}

/** The ledger that knows out of which file the other cache was taken: `remove` brings it back, with its import. */
export function withOtherTakenOut(ledger: Ledger, plan: Plan, other: Replaced | undefined): Ledger {
  if (!other || !goes(plan)) return ledger;
  return { ...ledger, takenOut: [...new Set([...(ledger.takenOut ?? []), other.location.file])].sort() };
}

function goes({ refusals }: Plan): boolean {
  return refusals.length === 0;
}

/** A file without the plugin's call in its list, and without its import. */
export function withoutCall(text: string, path: string, { name, packageName }: OtherCache): string {
  const source = parse(text, path);
  const isCall = (node: ts.Node): boolean =>
    ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === name;
  const find = (node: ts.Node): ts.ArrayLiteralExpression | undefined =>
    ts.isArrayLiteralExpression(node) && node.elements.some(isCall) ? node : ts.forEachChild(node, find);
  const array = find(source);
  if (!array) return text;
  const members = array.elements.map((it) => ({ start: it.getStart(source), end: it.end }));
  const list = { start: array.getStart(source), end: array.end, members };
  const content = removeMember(text, list, array.elements.findIndex(isCall));
  const rest = parse(content, path);
  const statement = rest.statements.find(
    (it) => ts.isImportDeclaration(it) && (it.moduleSpecifier as ts.StringLiteral).text === packageName,
  );
  return statement ? removeStatement(content, rest, statement) : content;
}

/** What the file still declares or imports, and only the plugin's call has used: a linter or the compiler may mind. */
function unusedNotices({ location, text, name }: Replaced, after: string): string[] {
  const unused = [...usedIn(text, location.file)].filter(
    ([it, uses]) => it !== name && uses > 1 && usedIn(after, location.file).get(it) === 1,
  );
  if (unused.length === 0) return [];
  const names = unused.map(([it]) => `\`${it}\``).join(', ');
  return [`${location.file}: nothing uses ${names} any more, which only the other cache did.`];
}

/** How often each name is written that the top level of a file binds. */
function usedIn(text: string, path: string): Map<string, number> {
  const source = parse(text, path);
  const counts = new Map<string, number>();
  const bound = new Set(
    source.statements.flatMap((statement) => {
      if (ts.isVariableStatement(statement) && !hasExport(statement))
        return statement.declarationList.declarations.flatMap(({ name }) =>
          ts.isIdentifier(name) ? [name.text] : [],
        );
      const clause = ts.isImportDeclaration(statement) ? statement.importClause : undefined;
      const bindings = clause?.namedBindings;
      return [
        ...(clause?.name ? [clause.name.text] : []),
        ...(bindings && ts.isNamedImports(bindings) ? bindings.elements.map((it) => it.name.text) : []),
      ];
    }),
  );
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && bound.has(node.text))
      counts.set(node.text, (counts.get(node.text) ?? 0) + 1);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return counts;
}

function hasExport(statement: ts.VariableStatement): boolean {
  return statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

function parse(text: string, path: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}
