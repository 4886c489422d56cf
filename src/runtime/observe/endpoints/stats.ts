import type { Statistics } from '../snapshot.js';
import { json, type ObserveEndpoint, refusal } from './asked.js';

/** The statistics, of this process or of all that share the store. */
export const stats: ObserveEndpoint = {
  name: 'stats',
  method: 'get',
  limit: 'read',
  answer: async ({ observation, query }) => json(await observation.statistics(scopeIn(query))),
};

/** Whose statistics are asked for. */
export function scopeIn(query: URLSearchParams): Statistics['scope'] {
  const scope = query.get('scope') ?? 'process';
  if (scope === 'process' || scope === 'all') return scope;
  throw refusal('BAD_REQUEST', 'There is no such scope.', 'Ask for scope=process or scope=all.');
}
