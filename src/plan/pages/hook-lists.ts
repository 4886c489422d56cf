/**
 * The lists of hooks of collections and globals, and hooks that go out of them. Only what is written out: a comment, a
 * spread that would come to light or a name that is computed may mean something that nobody sees here.
 */

import { propertyName } from '../../inspect/property-name.js';
import { unwrap } from '../../inspect/syntax.js';
import { ts } from '../../inspect/typescript.js';
import { removeMember } from '../text/splice-out.js';
import { hasComment, lineEnd, namedImports, withoutImported } from './next-cache.js';

/** Which names go out of a file's lists. */
export interface Unhooking {
  /** Whether a name that a module exports is a hook that goes; the module is given as it is written. */
  goes(module: string, exported: string): boolean;
  /** Somebody reads `hooks` of a collection: lists stay, though empty. */
  keepsLists: boolean;
}

/** What was found in a file. */
export interface TakenHooks {
  text: string;
  /** The names that went, as often as they stood in lists. */
  names: string[];
}

/** The text without the hooks that go; as it is where an import could not go with them. */
export function withoutHooks(text: string, path: string, unhooking: Unhooking): TakenHooks {
  const unchanged: TakenHooks = { text, names: [] };
  const names: string[] = [];
  let content = text;
  for (
    let next = withoutFirst(content, path, unhooking);
    next;
    next = withoutFirst(content, path, unhooking)
  ) {
    content = next.text;
    names.push(next.name);
  }
  for (const name of new Set(names)) {
    const without = withoutImported(content, path, name);
    if (without === undefined) return unchanged;
    content = without;
  }
  return { text: content, names };
}

const LISTS = ['afterChange', 'afterDelete'];

function withoutFirst(
  text: string,
  path: string,
  { goes, keepsLists }: Unhooking,
): { text: string; name: string } | undefined {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports = namedImports(source);
  const isGoing = (node: ts.Expression): node is ts.Identifier => {
    const imported = ts.isIdentifier(node) ? imports.get(node.text) : undefined;
    return imported !== undefined && goes(imported.module, imported.exported);
  };
  const visit = (node: ts.Node): { text: string; name: string } | undefined => {
    const list = ts.isPropertyAssignment(node) ? hookList(node, source, imports) : undefined;
    const going = list?.elements.find(isGoing);
    if (!list || !going) return ts.forEachChild(node, visit);
    const isLast = list.elements.length === 1 && !keepsLists;
    const property = list.parent as ts.PropertyAssignment;
    const without =
      isLast && isPlain(property.parent)
        ? withoutProperty(text, property, source)
        : removeMember(text, spanOf(list, list.elements, source), list.elements.indexOf(going));
    return { text: without, name: going.text };
  };
  return visit(source);
}

/** The array of a property that is a list of hooks of a collection or a global. */
function hookList(
  property: ts.PropertyAssignment,
  source: ts.SourceFile,
  imports: ReturnType<typeof namedImports>,
): ts.ArrayLiteralExpression | undefined {
  const { initializer, parent } = property;
  if (!LISTS.includes(literalName(property) ?? '') || !ts.isArrayLiteralExpression(initializer))
    return undefined;
  if (initializer.elements.some(ts.isOmittedExpression) || hasTwin(property)) return undefined;
  const hooks = parent.parent;
  if (!ts.isPropertyAssignment(hooks) || literalName(hooks) !== 'hooks' || hasTwin(hooks)) return undefined;
  const entity = hooks.parent;
  if (!isEntity(entity) && !isOverride(entity, imports)) return undefined;
  const start = property.getFullStart();
  return hasComment(source, start, lineEnd(source.text, property.end)) ? undefined : initializer;
}

/** The name of a property as it is written, computed ones apart. */
function literalName({ name }: ts.ObjectLiteralElementLike): string | undefined {
  return name && !ts.isComputedPropertyName(name) ? propertyName(name) : undefined;
}

function hasTwin(property: ts.PropertyAssignment): boolean {
  const name = literalName(property);
  return property.parent.properties.some(
    (it) => it !== property && it.name && propertyName(it.name) === name,
  );
}

/** Whether an object is a collection or a global: fields have hooks too, which are given something else. */
function isEntity(object: ts.ObjectLiteralExpression): boolean {
  const names = object.properties.map(literalName);
  return names.includes('slug') && names.includes('fields');
}

const OVERRIDES = ['overrides', 'searchOverrides', 'formOverrides', 'formSubmissionOverrides'];

/** Whether an object is what a plugin of Payload is told about the collection that it adds. */
function isOverride(object: ts.ObjectLiteralExpression, imports: ReturnType<typeof namedImports>): boolean {
  const property = object.parent;
  if (!ts.isPropertyAssignment(property) || !OVERRIDES.includes(literalName(property) ?? '')) return false;
  const call = property.parent.parent;
  if (!ts.isCallExpression(call) || call.arguments[0] !== property.parent) return false;
  const { expression: callee } = call;
  return (
    ts.isIdentifier(callee) && (imports.get(callee.text)?.module ?? '').startsWith('@payloadcms/plugin-')
  );
}

/** Whether every member of an object says its name: then nothing that another one brings comes to light without it. */
function isPlain(object: ts.ObjectLiteralExpression): boolean {
  return object.properties.every((member) => literalName(member) !== undefined);
}

/** Without the property; and without `hooks`, where that held nothing else. */
function withoutProperty(text: string, property: ts.PropertyAssignment, source: ts.SourceFile): string {
  const object = property.parent;
  const hooks = object.parent as ts.PropertyAssignment;
  const isOnly = object.properties.length === 1 && isPlain(hooks.parent);
  const hasWords = hasComment(source, hooks.getFullStart(), lineEnd(text, hooks.end));
  const goes = isOnly && !hasWords ? hooks : property;
  const { properties } = goes.parent;
  return removeMember(text, spanOf(goes.parent, properties, source), properties.indexOf(goes));
}

function spanOf(list: ts.Node, members: ts.NodeArray<ts.Node>, source: ts.SourceFile) {
  return {
    start: list.getStart(source),
    end: list.end,
    members: members.map((it) => ({ start: it.getStart(source), end: it.end })),
  };
}

/**
 * Whether a file reads `hooks` of a collection, and so may expect a `list`, or takes a hook by its `place` in one, which is
 * another's once one has gone.
 */
export function useOfLists(source: ts.SourceFile): 'list' | 'place' | undefined {
  let found: 'list' | 'place' | undefined;
  const visit = (node: ts.Node): void => {
    if (ts.isElementAccessExpression(node) && LISTS.includes(readName(unwrap(node.expression)) ?? ''))
      found = 'place';
    const isList =
      readName(node) === 'hooks' ||
      (ts.isBindingElement(node) && (node.propertyName ?? node.name).getText(source) === 'hooks');
    if (isList) found ??= 'list';
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The property that an expression reads. */
function readName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  const isNamed = ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression);
  return isNamed ? (node.argumentExpression as ts.StringLiteralLike).text : undefined;
}
