import { parseDuration } from '../../duration.js';
import { DEFAULT_TTL } from '../../runtime/policy/policy.js';
import { type Check, ok, warn } from '../check.js';
import { kvStore } from '../kv-store.js';

/** Writes a day on Cloudflare's free plan: https://developers.cloudflare.com/kv/platform/limits/ */
const FREE_WRITES = 1_000;
const DAY = 86_400;

/**
 * What the TTLs mean for the writes of Cloudflare's free plan: an entry that is asked for all day is written once in
 * each TTL. How many entries that are, only the visitors know.
 */
export const kvLimits: Check = {
  id: 'kv-limits',
  title: 'Writes to KV',
  run(context) {
    const { wrapper } = context;
    if (!kvStore(context) || !wrapper || wrapper.off !== undefined) return undefined;
    const general = wrapper.ttls.some(({ path }) => path === 'ttl');
    const ttls = [
      ...(general || wrapper.unread.some(({ path }) => path === 'ttl' || path === 'options')
        ? []
        : [{ path: 'ttl', place: 'by default', seconds: DEFAULT_TTL }]),
      ...wrapper.ttls.flatMap(({ path, value, line }) => {
        const seconds = value === false ? undefined : secondsOf(value);
        return seconds === undefined ? [] : [{ path, place: `at ${wrapper.path}:${line}`, seconds }];
      }),
    ];
    const shortest = ttls.reduce<(typeof ttls)[number] | undefined>(
      (least, each) => (least && least.seconds <= each.seconds ? least : each),
      undefined,
    );
    // What is wrong with the TTLs is said by `ttl`.
    if (!shortest) return undefined;
    const writes = Math.ceil(DAY / shortest.seconds);
    const count = writes.toLocaleString('en-US');
    const said = `an entry that is asked for all day is written about ${count} times a day (\`${shortest.path}\` ${shortest.place})`;
    if (writes <= FREE_WRITES) {
      const entries = Math.floor(FREE_WRITES / writes);
      return ok(said, [
        `the free plan has ${FREE_WRITES.toLocaleString('en-US')} writes a day: ${entries === 1 ? 'one such entry' : `${entries} such entries`}, and each edit of content writes as well`,
      ]);
    }
    return warn(`${said}; the free plan has ${FREE_WRITES.toLocaleString('en-US')} writes for all`, {
      fix: `On the Workers Paid plan: nothing. On the free one write '2m' or more, better '1h', ${shortest.place}.`,
    });
  },
};

function secondsOf(value: string | number): number | undefined {
  try {
    return parseDuration(value);
  } catch {
    return undefined;
  }
}
