import { type Check, ok } from '../check.js';
import { restAccess, restTrouble } from '../rest-access.js';

/** The namespace of `cloudflareKVRest` is there, and its credentials reach it. */
export const restNamespace: Check = {
  id: 'rest-namespace',
  title: 'Namespace of cloudflareKVRest',
  async run(context) {
    const access = restAccess(context);
    if (!access || 'status' in access) return access;
    try {
      const { result } = await access.api.request({ method: 'GET', path: '' });
      const { id, title } = (result ?? {}) as { id?: unknown; title?: unknown };
      return ok(`${title} (${id})`);
    } catch (error) {
      return restTrouble(error);
    }
  },
};
