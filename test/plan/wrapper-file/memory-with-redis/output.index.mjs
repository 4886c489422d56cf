/**
 * What this site caches, for how long, and where. Yours to change; of the files
 * beside it only `schema.generated.mjs` belongs to `payload-kv sync`.
 */
import { memory, payloadKV } from "payload-kv"
import { redisRegistry } from "payload-kv/redis"
import { hooks } from "./hooks.mjs"
import { schema } from "./schema.generated.mjs"

export const cache = payloadKV({
  // Redis is where REDIS_URL says; a build needs none.
  store: memory(),
  registry: redisRegistry(),
  ttl: "5m",
  collections: {
    posts: { ttl: "1h", slices: ["slug", "tenant"] },
    "site-pages": {},
  },
  globals: {
    header: { ttl: 90 },
  },
  hooks,
  schema,
})
