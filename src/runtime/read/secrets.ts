/**
 * Reads of auth collections whose entries hold no secrets: which of them such an entry may answer, and what it is made
 * of.
 */
import { isObject } from '../../platform/is-object.js';
import { isAuthenticating, type Reader } from '../operation/reader.js';
import type { Secrets } from '../policy/secrets.js';
import type { Token } from '../query/canonical-arguments.js';
import type { CachedOperation } from '../query/operations.js';
import type { CachedRule, Read } from './context.js';

type Document = Record<string, unknown>;

const NAMED_BY_OPERATIONS = ['joins', 'locale', 'select', 'where'];

/**
 * Whether a read is of read operations that show no hidden field. What authenticates, and whatever asks the adapter
 * itself, may need any of them.
 */
export function needsNoSecrets(read: Read, reader: Reader): boolean {
  const { operations } = reader;
  if (operations.length === 0 || !operations.every(({ hidesSecrets }) => hidesSecrets)) return false;
  // Payload's read operations name all of these, also where there are none. Its operations that sign in do not, nor do
  // hooks that ask the adapter while such an operation goes on.
  if (read.operation !== 'count' && !NAMED_BY_OPERATIONS.every((name) => Object.hasOwn(read.args, name)))
    return false;
  return !isAuthenticating();
}

/** Whether a question names a secret: to be found by, sorted by, or selected. */
export function mentionsSecret(question: readonly Token[], { hidden, lists }: Secrets): boolean {
  const isSecret = (name: string): boolean => hidden.has(name) || lists.has(name);
  return question.some((token) => {
    if (typeof token !== 'string') return false;
    for (const part of token.split(/[\s.,"]+/)) {
      const path = part.startsWith('-') ? part.slice(1) : part;
      // Two underscores stand for a point.
      if (isSecret(path) || (path.includes('__') && path.split('__').some(isSecret))) return true;
    }
    return false;
  });
}

/** Whether a result without secrets is of who asks for it: to them alone Payload shows all there is. */
export function isOfAsker(
  { operation }: Read,
  reader: Reader,
  { secrets }: CachedRule,
  result: unknown,
): boolean {
  if (!secrets) return false;
  const askers = new Set<string>();
  // Access control may have found out who asks since the operation began.
  for (const request of [reader.request, ...reader.operations.map((operation) => operation.request)]) {
    const { user } = (request ?? {}) as { user?: { id?: unknown } | null };
    if (user?.id !== undefined) askers.add(String(user.id));
  }
  return askers.size > 0 && documentsOf(operation, result).some(({ id }) => askers.has(String(id)));
}

/** A result as it may be stored. The one that is given stays as it is. */
export function withoutSecrets(operation: CachedOperation, result: unknown, secrets: Secrets): unknown {
  if (operation === 'find') {
    const docs = documentsOf(operation, result).map((document) => stripped(document, secrets));
    return { ...(result as Document), docs };
  }
  const [document] = documentsOf(operation, result);
  return document ? stripped(document, secrets) : result;
}

function documentsOf(operation: CachedOperation, result: unknown): Document[] {
  if (!isObject(result)) return [];
  if (operation === 'find') return (result as { docs?: Document[] }).docs ?? [];
  return operation === 'findOne' ? [result as Document] : [];
}

/**
 * Payload takes hidden values out, and puts a default in the place of those that are missing: so they remain, as nothing.
 */
function stripped(document: Document, { hidden, lists }: Secrets): Document {
  const copy = { ...document };
  for (const name of Object.keys(copy)) {
    if (copy[name] === undefined) continue;
    if (hidden.has(name)) copy[name] = null;
    else if (lists.has(name)) copy[name] = [];
  }
  return copy;
}
