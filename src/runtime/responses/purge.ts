/**
 * Hooks that have a network in front of the site delete what a write has made stale, by the tags that its responses carry.
 * For the hook `all` of the plugin; in the background, so that no write waits for them or fails for them.
 */
import { PayloadKVError } from '../../errors.js';
import { processEnvironment } from '../../platform/environment.js';
import { createBatches, tell } from '../../platform/told-elsewhere.js';
import { instanceOf } from '../carried-instance.js';
import { pushedTag } from '../next/page-tags.js';
import type { ReplacementEvent } from '../policy/options.js';

/** The hook `all` of the plugin. */
export type PurgeHook = (event: ReplacementEvent) => void | Promise<void>;

/** Where a network's API is asked. */
export interface PurgeOptions {
  /** The API's address, for a proxy in front of it. Default: the network's own. */
  apiUrl?: string;
}

/** A request to a network's API, but for its address. */
interface Purge {
  path: string;
  headers: Record<string, string>;
  body: unknown;
}

interface Network {
  name: string;
  apiUrl: string;
  /** Tags in one request. */
  most: number;
  /** Names of variables that must be set. */
  variables: readonly string[];
  purge(tags: readonly string[], variable: (name: string) => string): Purge;
}

/**
 * Has Cloudflare delete by `Cache-Tag`. Reads `CLOUDFLARE_ZONE_ID` and `CLOUDFLARE_PURGE_TOKEN`, an API token with the
 * permission "Cache Purge" for the zone. A hundred tags go with a request; the free plan takes five requests a minute
 * (https://developers.cloudflare.com/cache/how-to/purge-cache/).
 */
export const purgeCloudflare = (options: PurgeOptions = {}): PurgeHook =>
  purgeHook(options, {
    name: 'Cloudflare',
    apiUrl: 'https://api.cloudflare.com/client/v4',
    most: 100,
    variables: ['CLOUDFLARE_ZONE_ID', 'CLOUDFLARE_PURGE_TOKEN'],
    purge: (tags, variable) => ({
      path: `/zones/${encodeURIComponent(variable('CLOUDFLARE_ZONE_ID'))}/purge_cache`,
      headers: { authorization: `Bearer ${variable('CLOUDFLARE_PURGE_TOKEN')}` },
      body: { tags },
    }),
  });

/**
 * Has Fastly delete by `Surrogate-Key`. Reads `FASTLY_SERVICE_ID` and `FASTLY_API_TOKEN`, with the scope `purge_select`. 256
 * keys go with a request (https://www.fastly.com/documentation/reference/api/purging/).
 */
export const purgeFastly = (options: PurgeOptions = {}): PurgeHook =>
  purgeHook(options, {
    name: 'Fastly',
    apiUrl: 'https://api.fastly.com',
    most: 256,
    variables: ['FASTLY_SERVICE_ID', 'FASTLY_API_TOKEN'],
    purge: (tags, variable) => ({
      path: `/service/${encodeURIComponent(variable('FASTLY_SERVICE_ID'))}/purge`,
      headers: { 'fastly-key': variable('FASTLY_API_TOKEN'), accept: 'application/json' },
      body: { surrogate_keys: tags },
    }),
  });

/**
 * Has Vercel delete by `Vercel-Cache-Tag`: its other way, to call them stale, would serve each once more. Reads
 * `VERCEL_PROJECT_ID`, `VERCEL_PURGE_TOKEN` and, for the project of a team, `VERCEL_TEAM_ID`
 * (https://vercel.com/docs/rest-api/edge-cache/dangerously-delete-by-tag).
 */
export const purgeVercel = (options: PurgeOptions = {}): PurgeHook =>
  purgeHook(options, {
    name: 'Vercel',
    apiUrl: 'https://api.vercel.com',
    most: 100,
    variables: ['VERCEL_PROJECT_ID', 'VERCEL_PURGE_TOKEN'],
    purge: (tags, variable) => {
      const query = new URLSearchParams({ projectIdOrName: variable('VERCEL_PROJECT_ID') });
      const team = processEnvironment().VERCEL_TEAM_ID;
      if (team) query.set('teamId', team);
      return {
        path: `/v1/edge-cache/dangerously-delete-by-tags?${query}`,
        headers: { authorization: `Bearer ${variable('VERCEL_PURGE_TOKEN')}` },
        body: { tags },
      };
    },
  });

function purgeHook({ apiUrl }: PurgeOptions, network: Network): PurgeHook {
  if (apiUrl !== undefined && !/^https?:\/\//.test(String(apiUrl))) {
    throw new PayloadKVError({
      code: 'INVALID_RESPONSE_POLICY',
      message: `The address of ${network.name}'s API is none.`,
      nextStep: "Write for example apiUrl: 'https://proxy.example.com'.",
    });
  }
  const batches = createBatches<ReplacementEvent['payload']>(network.most, async (tags, payload) => {
    const warn = (message: string): void => instanceOf(payload)?.warn(`payload-kv: ${message}`);
    const environment = processEnvironment();
    const missing = network.variables.filter((name) => !environment[name]);
    if (missing.length > 0) {
      warn(
        `${network.name} is not told of writes, so that it serves old responses until their time is over: set ${missing.join(' and ')}.`,
      );
      return;
    }
    const failure = await tell(async () => {
      const { path, headers, body } = network.purge(tags, (name) => environment[name] as string);
      return {
        url: new URL((apiUrl ?? network.apiUrl).replace(/\/+$/, '') + path),
        init: { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) },
      };
    });
    if (failure !== undefined) {
      warn(
        `${network.name} could not be told of a write (${failure}), so that it serves old responses until their time is over. See ${network.variables.join(' and ')}.`,
      );
    }
  });
  return ({ tags, payload }) => {
    const purging = batches(tags.map(pushedTag), payload);
    const background = instanceOf(payload)?.background;
    if (background) background.run(purging);
    else return purging;
  };
}
