/** A deployed database that is asked from a developer's machine, with a namespace beside it that is not the deployed one. */
import type { WranglerConfig } from '../../inspect/wrangler.js';

/**
 * Whether builds and scripts that go to the remote D1 (`"remote": true`) would find a local namespace under that
 * binding: it may hold what a local database answered, and nobody at the edge hears of what they write.
 */
export function isCachedLocally(wrangler: WranglerConfig, binding: string): boolean {
  const places = [wrangler, ...Object.values(wrangler.env)];
  const isRemote = places.some(({ d1Databases }) => d1Databases.some(({ remote }) => remote));
  const isNamespaceRemote = places.some(({ kvNamespaces }) =>
    kvNamespaces.some((it) => it.remote && it.binding === binding),
  );
  return wrangler.valid && isRemote && !isNamespaceRemote;
}
