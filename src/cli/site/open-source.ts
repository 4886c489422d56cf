/** Finds what a command asks: the site, or with `--store` what its processes share. */

import type { Terminal } from '../terminal/terminal.js';
import type { SourceFlags } from './site-address.js';

export type { SourceFlags } from './site-address.js';

import { openSite } from './site-client.js';
import type { Source } from './source.js';

/**
 * The site, or the store.
 * @throws PayloadKVError what {@link openSite} and `openSharedStore` throw
 */
export async function openSource(flags: SourceFlags, terminal: Terminal): Promise<Source> {
  if (flags.store === undefined) return openSite(flags);
  const { openSharedStore } = await import('./shared-store.js');
  return openSharedStore(flags.store, flags, terminal);
}
