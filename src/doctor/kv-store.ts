import type { WranglerConfig } from '../inspect/wrangler.js';
import { bindKVNamespace } from '../plan/wrangler-edit.js';
import type { DoctorContext } from './context.js';
import { compareVersions } from './version.js';
import type { StoreReading } from './wrapper.js';

/** From this version on wrangler creates a namespace without an id at deploy. */
export const PROVISIONING = '4.45.0';

/** The Cloudflare KV store that the wrapper names, if it names one. */
export function kvStore({ wrapper }: Pick<DoctorContext, 'wrapper'>): StoreReading | undefined {
  return wrapper?.stores.find(({ factory }) => factory === 'cloudflareKV');
}

/** Whether the project's wrangler creates namespaces; where it has none, `npx` brings a new one. */
export function provisions({ findPackage }: Pick<DoctorContext, 'findPackage'>): boolean {
  const installed = findPackage('wrangler');
  return !installed || compareVersions(installed.version, PROVISIONING) >= 0;
}

/** How a missing binding comes into the wrangler config: by `init`, or by hand where that would not be safe. */
export function bindingFix(context: DoctorContext, wrangler: WranglerConfig, binding: string): string {
  const edit = bindKVNamespace({ wrangler, binding, provisions: provisions(context) });
  if (edit.ok) return `Run: ${context.command('payload-kv init')}`;
  return `Write into ${wrangler.path}:\n${edit.paste}`;
}
