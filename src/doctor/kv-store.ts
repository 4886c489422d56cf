import type { KVNamespaceBinding, WranglerConfig, WranglerEnvironment } from '../inspect/wrangler.js';
import { everyStore, type StoreReading } from '../inspect/wrapper/stores.js';
import { bindKVNamespace } from '../plan/wrangler/wrangler-edit.js';
import { compareVersions } from '../version.js';
import type { DoctorContext } from './context.js';

/** From this version on wrangler creates a namespace without an id at deploy. */
export const PROVISIONING = '4.45.0';

/** The Cloudflare KV store that the wrapper names, if it names one; it may be a tier of another. */
export function kvStore({ wrapper }: Pick<DoctorContext, 'wrapper'>): StoreReading | undefined {
  return wrapper && everyStore(wrapper).find(({ factory }) => factory === 'cloudflareKV');
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

/** Where bindings are declared: the top level, or an environment with bindings of its own. */
export interface Place {
  /** Name of the environment, absent for the top level. */
  env?: string;
  /** In words, e.g. `in env.staging`. */
  where: string;
  declared: WranglerEnvironment;
}

/** The places of a wrangler config at which a binding must be declared. */
export function placesOf(wrangler: WranglerConfig): Place[] {
  return [
    { where: 'at the top level', declared: wrangler },
    ...Object.entries(wrangler.env)
      .filter(([, declared]) => declared.hasBindings)
      .map(([env, declared]) => ({ env, where: `in env.${env}`, declared })),
  ];
}

/** The KV namespace of a binding at a place. */
export function namespaceOf(declared: WranglerEnvironment, binding: string): KVNamespaceBinding | undefined {
  return declared.kvNamespaces.find((each) => each.binding === binding);
}
