import { parseDuration } from '../../duration.js';
import { everyStore } from '../../inspect/wrapper/stores.js';
import { type Check, counted, fail, ok, warn } from '../check.js';

/** Cloudflare KV keeps nothing for less than a minute. */
const KV_MINIMUM = 60;

/** Every TTL is a duration, and one that the store can keep. */
export const ttl: Check = {
  id: 'ttl',
  title: 'TTLs',
  run({ wrapper }) {
    if (!wrapper || wrapper.calls.length === 0) return undefined;
    const onKV = everyStore(wrapper).some(({ factory }) => factory?.startsWith('cloudflareKV'));
    const wrong: { text: string; fix: string }[] = [];
    for (const { path, value, line } of wrapper.ttls) {
      if (value === false) continue;
      const place = `${wrapper.path}:${line}`;
      const written = typeof value === 'string' ? `'${value}'` : String(value);
      const seconds = secondsOf(value);
      if (seconds === undefined) {
        wrong.push({
          text: `${place}: ${path}: ${written} is not a duration`,
          fix: `Write a positive whole number of seconds, or text such as '30s', '5m', '2h', at ${place}.`,
        });
      } else if (onKV && seconds < KV_MINIMUM) {
        wrong.push({
          text: `${place}: ${path}: ${written} is less than the ${KV_MINIMUM} seconds that Cloudflare KV keeps an entry at least`,
          fix: `Write '1m' or more at ${place}.`,
        });
      }
    }
    if (wrong.length > 0) {
      return fail(wrong[0]!.text, {
        ...(wrong.length > 1 ? { details: wrong.slice(1).map(({ text }) => text) } : {}),
        fix: wrong.map(({ fix }) => fix).join('\n'),
      });
    }
    const unread = wrapper.unread.filter(
      ({ path }) => /(^|\.)(ttl|operations)(\.|$)/.test(path) || path === 'options',
    );
    const checked = `${counted(wrapper.ttls.length, 'TTL')} checked`;
    if (unread.length === 0)
      return ok(wrapper.ttls.length === 0 ? 'the default of 5 minutes holds' : checked);
    return warn(`${checked}, others could not be`, {
      details: unread.map(
        ({ path, expression, line }) =>
          `${wrapper.path}:${line}: ${path}: \`${expression}\` is not written out`,
      ),
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
