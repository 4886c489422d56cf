/** Whom the access functions of a collection or global let in. Nothing is run: they are evaluated as they are written. */

import type { Evaluator } from './evaluate/evaluator.js';
import { nullish, type ObjectValue, object, primitive, unresolved, type Value } from './evaluate/value.js';
import type { AccessSchema, Audience } from './schema.js';
import { ts } from './typescript.js';

/** Who may read and create; `undefined` where neither is known. */
export function readAccess(evaluator: Evaluator, owner: ObjectValue): AccessSchema | undefined {
  try {
    return accessOf(evaluator, owner);
  } catch {
    // A file of access functions may be broken: the schema does not depend on it.
    return undefined;
  }
}

function accessOf(evaluator: Evaluator, owner: ObjectValue): AccessSchema | undefined {
  const access = owner.entries().get('access')?.();
  // What a spread that was not resolved brings may be the access.
  if (!access && owner.gaps().length > 0) return undefined;
  const [read, create] = ['read', 'create'].map((name) => {
    if (!access || nullish(access)) return 'default' as const;
    if (access.kind !== 'object') return undefined;
    const value = access.entries().get(name)?.();
    if (!value && access.gaps().length > 0) return undefined;
    return !value || nullish(value) ? ('default' as const) : audienceOf(evaluator, value);
  });
  // That there are functions which are not understood is something known, too.
  if (!read && !create && access?.kind !== 'object') return undefined;
  return { ...(read ? { read } : {}), ...(create ? { create } : {}) };
}

/** Whom one function lets in: what it answers to a request without a user. */
function audienceOf(evaluator: Evaluator, access: Value): Audience | undefined {
  if (access.kind !== 'function') return undefined;
  const { node } = access;
  const unknown = unresolved(node, 'it depends on the request');
  const nobody = () => primitive(node, null);
  const request = object(node, () => ({ entries: new Map([['user', nobody]]), gaps: [unknown] }));
  const args = object(node, () => ({ entries: new Map([['req', () => request]]), gaps: [unknown] }));
  return audienceOfAnswer(evaluator.call(access, [() => args], node));
}

function audienceOfAnswer(answer: Value): Audience | undefined {
  if (answer.kind === 'choice') {
    const all = new Set(answer.options.map(audienceOfAnswer));
    return all.size === 1 ? [...all][0] : undefined;
  }
  if (answer.kind === 'primitive') return answer.value ? 'everyone' : 'users';
  if (answer.kind === 'unresolved' && ts.isThrowStatement(answer.node)) return 'users';
  // A condition: for everyone, unless it compares with a user who is not there.
  return answer.kind === 'object' ? audienceOfCondition(answer, 0) : undefined;
}

function audienceOfCondition(condition: ObjectValue, depth: number): Audience | undefined {
  if (depth > 8 || condition.gaps().length > 0) return undefined;
  const parts = [...condition.entries().values()].flatMap((entry) => {
    const value = entry();
    return value.kind === 'array' ? value.items() : [value];
  });
  const audiences = parts.map((part): Audience | undefined => {
    if (part.kind === 'object') return audienceOfCondition(part, depth + 1);
    if (part.kind === 'primitive') return part.value === undefined ? 'users' : 'everyone';
    return undefined;
  });
  if (audiences.includes('users')) return 'users';
  return audiences.includes(undefined) ? undefined : 'everyone';
}
