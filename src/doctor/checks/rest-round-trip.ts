import { PayloadKVError } from '../../errors.js';
import { cloudflareKVRest } from '../../stores/cloudflare-kv-rest.js';
import { type Check, fail, ok, warn } from '../check.js';
import { untilInterrupted } from '../interruption.js';
import { restAccess, restTrouble } from '../rest-access.js';
import { storeRoundTrip } from '../store-round-trip.js';

/** What is put through Cloudflare's API comes out again. */
export const restRoundTrip: Check = {
  id: 'rest-round-trip',
  title: "Round trip through Cloudflare's API",
  async run(context) {
    const access = restAccess(context);
    if (!access || 'status' in access) return access;
    try {
      await access.api.request({ method: 'GET', path: '' });
    } catch {
      return warn('not checked: the namespace is not reached, see above');
    }
    const interruption = untilInterrupted();
    try {
      // Nobody waits here for another's writes to go along.
      const store = cloudflareKVRest({ ...access.options, writeInterval: 0 });
      const broken = await storeRoundTrip(store, { isEventual: true });
      return broken
        ? fail(`${broken}`, {
            fix: 'Run doctor again; if it stays so, see https://www.cloudflarestatus.com.',
          })
        : ok('put, get, list and delete with the credentials of the environment');
    } catch (error) {
      return restTrouble(error);
    } finally {
      if (interruption.end()) {
        // biome-ignore lint/correctness/noUnsafeFinally: it takes the place of whatever was found meanwhile.
        throw new PayloadKVError({ code: 'CANCELLED', message: 'Cancelled.' });
      }
    }
  },
};
