import { isDeepStrictEqual } from 'node:util';

/** What a read gave: its value, or the error it threw. */
export type Answer = { value: unknown } | { error: { name: string; message: string; status: unknown } };

/** Runs a read to its answer. */
export async function answerOf(read: () => Promise<unknown>): Promise<Answer> {
  try {
    return { value: await read() };
  } catch (error) {
    const { name, message, status, cause } = error as Error & { status?: unknown };
    // Drizzle's message is its SQL, with random names of tables; what went wrong is in the cause.
    const text = cause instanceof Error ? cause.message : message;
    return { error: { name, message: text.replace(ALIAS, '…').slice(0, 500), status } };
  }
}

const ALIAS = /[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}/g;

/** Whether two answers are the same, `undefined` properties included. */
export function sameAnswer(one: Answer, other: Answer): boolean {
  return isDeepStrictEqual(one, other);
}

/** Where two values differ first, in words. */
export function firstDifference(one: unknown, other: unknown, path = 'answer'): string | undefined {
  if (isDeepStrictEqual(one, other)) return undefined;
  const areObjects = typeof one === 'object' && typeof other === 'object' && one !== null && other !== null;
  if (areObjects && Object.getPrototypeOf(one) === Object.getPrototypeOf(other)) {
    for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
      if (name in one !== name in other)
        return `${path}.${name} is only in the ${name in one ? 'first' : 'second'}`;
      const further = firstDifference(
        (one as Record<string, unknown>)[name],
        (other as Record<string, unknown>)[name],
        `${path}.${name}`,
      );
      if (further) return further;
    }
  }
  return `${path}: ${show(one)} against ${show(other)}`;
}

/** A value as text, shortened. */
export function show(value: unknown, length = 300): string {
  const text = value === undefined ? 'undefined' : JSON.stringify(value);
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/** Changes a result in place, everywhere, as hooks and Payload itself may do. */
export function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Date) {
    value.setTime(0);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) spoil(item);
    value.push('spoilt');
    return;
  }
  const object = value as Record<string, unknown>;
  for (const name of Object.keys(object)) {
    spoil(object[name]);
    if (typeof object[name] !== 'object' || object[name] === null) object[name] = 'spoilt';
  }
  object.spoilt = true;
}
