import { cloudflareKVRest } from '../../stores/cloudflare-kv-rest.js';
import { resultOf } from '../at-each-place.js';
import { type Check, warn } from '../check.js';
import { restAccess } from '../rest-access.js';
import { findingOf, ownSlices } from '../slice-registers.js';

/** Nobody writes through Cloudflare's API, or to what it leads to, with other slices than the wrapper names. */
export const restSliceSets: Check = {
  id: 'rest-slice-sets',
  title: "Slices of others behind Cloudflare's API",
  async run(context) {
    const own = ownSlices(context);
    if (own.length === 0 || context.wrapper?.registries.length !== 0) return undefined;
    const access = restAccess(context);
    if (!access || 'status' in access) return access;
    try {
      const versions = await cloudflareKVRest(access.options).getMany(own.map(({ key }) => key));
      return resultOf([{ ...findingOf(own, versions), where: 'there' }]);
    } catch {
      return warn('not checked: the namespace is not reached, see above');
    }
  },
};
