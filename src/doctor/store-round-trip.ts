import type { Store } from '../interfaces/store.js';

const PREFIX = 'payload-cache:doctor:';

/** A key that no entry has, and no other run of doctor. */
export function doctorKey(): string {
  return `${PREFIX}${crypto.randomUUID()}`;
}

/**
 * Puts, gets, lists and deletes a value of its own. Returns what went wrong in words, or `undefined`.
 *
 * @param options.isEventual the store may list what is new, and forget what is deleted, a minute later
 */
export async function storeRoundTrip(
  store: Store,
  { isEventual = false }: { isEventual?: boolean } = {},
): Promise<string | undefined> {
  const key = doctorKey();
  const value = `written ${new Date().toISOString()}`;
  await store.set(key, value, 60);
  try {
    if ((await store.get(key)) !== value) return 'what was put did not come back';
    let listed = false;
    for await (const page of store.list(PREFIX)) listed ||= page.includes(key);
    if (!listed && !isEventual) return 'what was put is not listed';
  } finally {
    await store.delete(key);
  }
  if (!isEventual && (await store.get(key)) !== undefined) return 'what was deleted is still there';
  return undefined;
}
