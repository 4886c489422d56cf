/** Values as they stand in a source file, as plain data with places: for whoever reads them and whoever splices. */

import type { Span } from './config-shape/shape.js';
import { propertyName } from './property-name.js';
import { ts } from './typescript.js';

/** A value as it is written. What is neither a literal nor a call is `other`. */
export type WrittenValue = Span &
  (
    | { kind: 'text' | 'number'; text: string }
    | { kind: 'true' | 'other' }
    | { kind: 'list'; elements: WrittenValue[] }
    | { kind: 'object'; members: WrittenMember[] }
    | { kind: 'call'; callee: string; arguments: WrittenValue[] }
  );

/** An object literal. */
export type WrittenObject = Extract<WrittenValue, { kind: 'object' }>;

/** A member of an object literal. */
export interface WrittenMember extends Span {
  /** Absent for spreads and computed keys. */
  name?: string;
  /** Without casts and parentheses around it; absent for spreads, methods and accessors. */
  value?: WrittenValue;
  /** Where the comments above it begin, behind the member before. */
  fullStart: number;
}

/** A value with all that is written in it; casts and parentheses around it make it `other`. */
export function writtenValue(node: ts.Expression): WrittenValue {
  const at = { start: node.getStart(), end: node.end };
  if (ts.isStringLiteralLike(node)) return { ...at, kind: 'text', text: node.text };
  if (ts.isNumericLiteral(node)) return { ...at, kind: 'number', text: node.text };
  if (node.kind === ts.SyntaxKind.TrueKeyword) return { ...at, kind: 'true' };
  if (ts.isArrayLiteralExpression(node))
    return { ...at, kind: 'list', elements: node.elements.map(writtenValue) };
  if (ts.isObjectLiteralExpression(node))
    return { ...at, kind: 'object', members: node.properties.map(writtenMember) };
  if (ts.isCallExpression(node)) {
    const { expression, arguments: args } = node;
    return { ...at, kind: 'call', callee: expression.getText(), arguments: args.map(writtenValue) };
  }
  return { ...at, kind: 'other' };
}

function writtenMember(member: ts.ObjectLiteralElementLike): WrittenMember {
  const name = member.name && propertyName(member.name);
  const value = ts.isPropertyAssignment(member)
    ? unwrapped(member.initializer)
    : ts.isShorthandPropertyAssignment(member)
      ? member.name
      : undefined;
  return {
    start: member.getStart(),
    end: member.end,
    fullStart: member.pos,
    ...(name === undefined ? {} : { name }),
    ...(value ? { value: writtenValue(value) } : {}),
  };
}

/** The value of a member by its name. */
export function valueIn(
  object: Pick<WrittenObject, 'members'> | undefined,
  name: string,
): WrittenValue | undefined {
  return object?.members.find((member) => member.name === name && member.value)?.value;
}

/** Whether an object literal has a member of that name, in whichever way. */
export function hasMember({ members }: WrittenObject, name: string): boolean {
  return members.some((member) => member.name === name);
}

/** A value that is an object literal. */
export function asObject(value: WrittenValue | undefined): WrittenObject | undefined {
  return value?.kind === 'object' ? value : undefined;
}

/** An expression without casts and parentheses around it. */
export function unwrapped(node: ts.Expression): ts.Expression {
  return ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)
    ? unwrapped(node.expression)
    : node;
}
