import { json, type ObserveEndpoint, refusal } from './asked.js';

/** The statistics, of this process or of all that share the store. */
export const stats: ObserveEndpoint = {
  name: 'stats',
  method: 'get',
  limit: 'read',
  async answer({ observation, query }) {
    const scope = query.get('scope') ?? 'process';
    if (scope !== 'process' && scope !== 'all') {
      throw refusal('BAD_REQUEST', 'There is no such scope.', 'Ask for scope=process or scope=all.');
    }
    return json(await observation.statistics(scope));
  },
};
