import { PROMETHEUS_CONTENT_TYPE, prometheusText } from '../prometheus.js';
import type { ObserveEndpoint } from './asked.js';
import { scopeIn } from './stats.js';

/** The statistics as Prometheus reads them. A token of its own lets in as well. */
export const metrics: ObserveEndpoint = {
  name: 'metrics',
  method: 'get',
  limit: 'read',
  takesToken: true,
  async answer({ observation, query }) {
    const text = prometheusText(await observation.statistics(scopeIn(query)));
    return new Response(text, {
      headers: { 'content-type': PROMETHEUS_CONTENT_TYPE, 'cache-control': 'no-store' },
    });
  },
};
