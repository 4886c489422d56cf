import { type Check, fail } from '../check.js';

/** The collection of Payload's own key-value storage, `payload.kv`. */
export const PAYLOAD_OWN_KV = 'payload-kv';

/** Nobody took Payload's own key-value storage, whose collection has this package's name, for the cache. */
export const payloadOwnKV: Check = {
  id: 'payload-own-kv',
  title: "Payload's own key-value storage",
  run({ wrapper }) {
    const named = wrapper?.policies.find(
      ({ slug, type }) => type === 'collection' && slug === PAYLOAD_OWN_KV,
    );
    if (!wrapper || !named) return undefined;
    const place = `${wrapper.path}:${named.line}`;
    return fail(
      `${place} names the collection \`${PAYLOAD_OWN_KV}\`: it is Payload's own key-value storage (\`payload.kv\`), not this cache`,
      {
        details: ['Payload adds the collection to every project; entries of the cache are never in it'],
        fix: `Remove \`${PAYLOAD_OWN_KV}\` at ${place}. It is never cached.`,
      },
    );
  },
};
