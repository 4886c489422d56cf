/** Names in scope: what one is bound to, and what it was declared with. */

import { unwrap } from '../syntax.js';
import { ts } from '../typescript.js';
import type { Binding, Scope } from './value.js';

/** What a name is bound to, in the nearest scope that has it. */
export function lookup(name: string, scope: Scope): Binding | undefined {
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const binding = at.names.get(name);
    if (binding) return binding;
  }
  return undefined;
}

/** What a name is bound to, and whether that is outside of the function that is called. */
export function ownerOf(name: string, scope: Scope): { binding: Binding; isOutside: boolean } | undefined {
  let isOutside = false;
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const binding = at.names.get(name);
    if (binding) return { binding, isOutside };
    isOutside ||= at.ofCall === true;
  }
  return undefined;
}

/** Whether a condition that is not known holds for what runs here. */
export function isConditional(scope: Scope): boolean {
  for (let at: Scope | undefined = scope; at; at = at.parent) if (at.conditional) return true;
  return false;
}

/** Names of outer scopes that were given another value in the scopes between. */
export function assignedBetween(after: Scope, before: Scope): string[] {
  const names: string[] = [];
  for (let at: Scope | undefined = after; at && at !== before; at = at.parent) {
    for (const name of at.names.keys()) if (lookup(name, before)) names.push(name);
  }
  return names;
}

/** The first expression that is no mere name, behind constants and imports. */
export function follow(start: ts.Expression, from: Scope): { node: ts.Expression; scope: Scope } {
  let node = unwrap(start);
  let scope = from;
  for (let steps = 0; steps < 50; steps++) {
    if (ts.isAwaitExpression(node)) {
      node = unwrap(node.expression);
      continue;
    }
    if (!ts.isIdentifier(node)) break;
    const target = lookup(node.text, scope)?.target?.();
    if (!target) break;
    node = unwrap(target.node);
    scope = target.scope;
  }
  return { node, scope };
}
