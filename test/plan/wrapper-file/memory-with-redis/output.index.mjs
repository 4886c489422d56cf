/**
 * What this site caches, for how long, and where. Yours to change; of the files beside it only
 * `schema.generated.mjs` belongs to `payload-kv sync`.
 */
import { Redis } from "ioredis"
import { memory, payloadKV } from "payload-kv"
import { redisRegistry } from "payload-kv/redis"
import { hooks } from "./hooks.mjs"
import { schema } from "./schema.generated.mjs"

/** Connects with the first command, so that a build needs no Redis. */
const client = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379", { lazyConnect: true })

export const cache = payloadKV({
  store: memory(),
  registry: redisRegistry({ client }),
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
