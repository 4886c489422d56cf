import { objectRegistry } from '../at-each-place.js';
import { type Check, ok, warn } from '../check.js';
import { kvStore } from '../kv-store.js';

/** The wrangler config that was read is the one that wrangler takes. */
export const wranglerConfig: Check = {
  id: 'wrangler-config',
  title: 'Wrangler config',
  run(context) {
    const { wrangler } = context.project;
    const isNeeded = kvStore(context) ?? objectRegistry(context);
    if (!wrangler || !isNeeded) return undefined;
    const [first, ...others] = wrangler.warnings;
    if (first === undefined) return ok(`${wrangler.path}, which wrangler takes as well`);
    return warn(first, {
      details: others,
      fix: wrangler.valid
        ? `Keep one config: what is in ${wrangler.path} holds only where wrangler is told to take it (--config ${wrangler.path}).`
        : `Correct ${wrangler.path}: nothing is written into it until then.`,
    });
  },
};
