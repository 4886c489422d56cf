import type { WranglerConfig } from '../inspect/wrangler.js';
import type { DoctorContext } from './context.js';
import type { StoreReading } from './wrapper.js';

/** The Cloudflare KV store that the wrapper names, if it names one. */
export function kvStore({ wrapper }: Pick<DoctorContext, 'wrapper'>): StoreReading | undefined {
  return wrapper?.stores.find(({ factory }) => factory === 'cloudflareKV');
}

/** The lines that declare a binding in a wrangler config, at the top level or in an environment. */
export function bindingLines(
  wrangler: Pick<WranglerConfig, 'format'>,
  binding: string,
  env?: string,
): string {
  if (wrangler.format === 'toml') {
    return `[[${env ? `env.${env}.` : ''}kv_namespaces]]\nbinding = "${binding}"`;
  }
  return `"kv_namespaces": [{ "binding": "${binding}" }]`;
}
