/**
 * What this site caches, for how long, and where. Yours to change; of the files
 * beside it only `schema.generated.ts` belongs to `payload-kv sync`.
 */
import { payloadKV } from "payload-kv"
import { cloudflareKV } from "payload-kv/cloudflare"
import type { Config } from "../payload-types.js"
import { hooks } from "./hooks.js"
import { schema } from "./schema.generated.js"

/** Takes the config's Cloudflare env; in a request its own is preferred. */
export const cache = (env: CloudflareEnv) =>
	payloadKV<Config>({
		store: cloudflareKV({ binding: "PAYLOAD_CACHE", env }),
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
