/** How doctor reaches what `cloudflareKVRest` reaches: by the same variables, and the options that are written out. */

import { type CloudflareAPI, CloudflareAPIError, cloudflareAPI } from '../connections/cloudflare-api.js';
import { PayloadKVError } from '../errors.js';
import { everyStore, type StoreReading } from '../inspect/wrapper/stores.js';
import type { CloudflareKVRestOptions } from '../stores/cloudflare-kv-rest.js';
import { type CheckResult, fail, warn } from './check.js';
import type { DoctorContext } from './context.js';

/** The REST store that the wrapper names, if it names one; it may be a tier of another. */
export function restStore({ wrapper }: Pick<DoctorContext, 'wrapper'>): StoreReading | undefined {
  return wrapper && everyStore(wrapper).find(({ factory }) => factory === 'cloudflareKVRest');
}

/** The API with the store's options. */
export interface RestAccess {
  options: CloudflareKVRestOptions;
  api: CloudflareAPI;
}

const SETTINGS = ['accountId', 'namespaceId', 'apiToken', 'baseUrl', 'prefix'] as const;

/** Access as the store has it; a result where it cannot be had here; `undefined` where there is no such store. */
export function restAccess(context: DoctorContext): RestAccess | CheckResult | undefined {
  const { remote, wrapper } = context;
  const store = restStore(context);
  if (!remote || !store) return undefined;
  const options: CloudflareKVRestOptions = {};
  for (const [name, { text, variable, line }] of Object.entries(store.settings ?? {})) {
    const setting = SETTINGS.find((each) => each === name);
    if (!setting && name !== 'options') continue;
    const value = (variable && process.env[variable]) || text;
    if (setting && value) options[setting] = value;
    else if (variable !== undefined) {
      return warn(`not checked: ${variable} is not set where doctor runs`, {
        fix: `Set ${variable} for it, as for the site.`,
      });
    } else {
      return warn(`not checked: ${name} of cloudflareKVRest at ${wrapper!.path}:${line} is not written out`);
    }
  }
  try {
    return { options, api: cloudflareAPI(options) };
  } catch (error) {
    return restTrouble(error);
  }
}

/** What a request that failed means, and what to do. */
export function restTrouble(error: unknown): CheckResult {
  if (error instanceof CloudflareAPIError) {
    const { status = 0 } = error;
    return fail(error.message.replace(/\.$/, ''), {
      fix:
        status === 429
          ? 'Wait five minutes, then run doctor again.'
          : status >= 500
            ? 'It is a fault of Cloudflare: see https://www.cloudflarestatus.com, and run doctor again later.'
            : 'Check the network, and CLOUDFLARE_API_BASE_URL if it is set.',
    });
  }
  if (!(error instanceof PayloadKVError)) throw error;
  const message = error.message.replace(/\.$/, '');
  if (error.code === 'CLOUDFLARE_SETTING_MISSING') {
    return warn(`not checked: ${message}`, { fix: 'Set the variables for doctor, as for the site.' });
  }
  return fail(message, { fix: error.nextStep ?? 'Correct the options of cloudflareKVRest().' });
}
