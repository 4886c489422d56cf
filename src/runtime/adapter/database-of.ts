/** What the database of a site has in the key of every entry. */
import type { DatabaseAdapter } from 'payload';
import { newVersion } from '../../interfaces/registry.js';
import { leavesProcess } from '../../interfaces/store.js';
import { cloudflareContext } from '../../platform/background.js';
import { nameIn } from '../../platform/binding.js';
import type { PayloadKVOptions } from '../policy/options.js';
import { databaseIdentity } from './database-identity.js';

/** Whose database it is. */
export interface OfDatabase {
  /** The adapter below the cache. */
  base: DatabaseAdapter;
  setup: { options: PayloadKVOptions };
  /** What was found when it was asked for first. */
  identity: string | undefined;
  warn(message: string): void;
}

/** The name that the options give it, or what the adapter tells of it; else it is of this process alone. */
export function databaseOf(site: OfDatabase): unknown {
  const { database, store } = site.setup.options;
  if (database !== undefined) return { database };
  site.identity ??= databaseIdentity(
    site.base,
    (is) => store.nameOfBinding?.(is) ?? nameIn(cloudflareContext()?.env, is),
  );
  if (site.identity === undefined) {
    if (leavesProcess(store)) {
      site.warn(
        "payload-kv: the database adapter does not tell which database it is of, so entries are not shared with other processes. Name the database: payloadKV({ database: 'main' }).",
      );
    }
    site.identity = newVersion();
  }
  return site.identity;
}
