import { failed, resultOf, targetOf } from '../at-each-place.js';
import { type Check, counted, warn } from '../check.js';
import { restStore } from '../rest-access.js';

/** The project's wrangler is there and logged in, and its account answers. What else is remote stands on it. */
export const remoteCredentials: Check = {
  id: 'remote-credentials',
  title: 'Access to Cloudflare',
  async run(context) {
    const { remote, wrapper } = context;
    const target = targetOf(context, 'either');
    if (!target) {
      if (!remote || !wrapper || restStore(context)) return undefined;
      return warn('nothing to check: this cache keeps nothing at Cloudflare');
    }
    if ('status' in target) return target;
    const { places, remote: asked } = target;
    const findings = [];
    // One after another: wrangler may have to renew its login, which two at once would spoil.
    for (const { env, where } of places) {
      const finding = await asked.namespaces(env).then(
        (namespaces) => ({
          status: 'ok' as const,
          text: `through ${asked.through}; the account has ${counted(namespaces.length, 'KV namespace')}`,
        }),
        (error: unknown) => failed(error, 'fail'),
      );
      findings.push({ ...finding, where });
    }
    return resultOf(findings);
  },
};
