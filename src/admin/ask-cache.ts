/** Asks the endpoints of the cache, as whoever is signed in in this browser. */
import type { ShownEntry } from '../runtime/observe/endpoints/entries.js';
import type { Statistics } from '../runtime/observe/snapshot.js';
import type { PurgeTarget } from './purge-target.js';

/** The numbers of all processes that share the store. */
export function askStatistics(base: string, signal?: AbortSignal): Promise<Statistics> {
  return ask(`${base}/stats?scope=all`, { signal });
}

/** How many entries depend on a target; `null` where that cannot be told. */
export async function askCount(base: string, target: PurgeTarget, signal?: AbortSignal) {
  const { entries } = await ask<{ entries: number | null }>(
    `${base}/purge`,
    sending({ target, dryRun: true }, signal),
  );
  return entries;
}

/** Makes stale what depends on a target. */
export async function askPurge(base: string, target: PurgeTarget): Promise<void> {
  await ask(`${base}/purge`, sending({ target }));
}

/** The first entries of a document or global. */
export function askEntries(
  base: string,
  of: { collection: string; id: number | string } | { global: string },
  signal?: AbortSignal,
): Promise<{ entries: ShownEntry[]; cursor: string | null; scope: 'process' | 'store' }> {
  const query = new URLSearchParams({ ...of, limit: '50' } as Record<string, string>);
  if ('id' in of) query.set('id', String(of.id));
  return ask(`${base}/entries?${query}`, { signal });
}

function sending(body: object, signal?: AbortSignal): RequestInit {
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', headers, body: JSON.stringify(body), signal };
}

async function ask<Answer>(url: string, options: RequestInit): Promise<Answer> {
  const response = await fetch(url, { credentials: 'include', ...options });
  const answer = (await response.json().catch(() => ({}))) as { error?: { message?: string } };
  if (!response.ok) throw new Error(answer.error?.message ?? `HTTP ${response.status}`);
  return answer as Answer;
}
