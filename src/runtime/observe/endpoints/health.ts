import { getCacheHealth } from '../../instance.js';
import { json, type ObserveEndpoint } from './asked.js';

/** Whether the store answers; 503 where not. */
export const health: ObserveEndpoint = {
  name: 'health',
  method: 'get',
  limit: 'read',
  async answer({ payload }) {
    const is = await getCacheHealth(payload);
    return json({ ...is, at: Date.now() }, is?.ok ? 200 : 503);
  },
};
