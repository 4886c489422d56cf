import type { Store } from '../stores/store.js';

/** Puts, gets, lists and deletes a value of its own. Returns what went wrong in words, or `undefined`. */
export async function storeRoundTrip(store: Store): Promise<string | undefined> {
  const prefix = 'payload-cache:doctor:';
  const key = `${prefix}${crypto.randomUUID()}`;
  const value = `written ${new Date().toISOString()}`;
  await store.set(key, value, 60);
  try {
    if ((await store.get(key)) !== value) return 'what was put did not come back';
    let listed = false;
    for await (const page of store.list(prefix)) listed ||= page.includes(key);
    if (!listed) return 'what was put is not listed';
  } finally {
    await store.delete(key);
  }
  if ((await store.get(key)) !== undefined) return 'what was deleted is still there';
  return undefined;
}
