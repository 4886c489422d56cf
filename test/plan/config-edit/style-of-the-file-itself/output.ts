import { buildConfig } from "payload"
import { db } from "./db"
import { notes, pages, posts } from "./posts"
import { cache } from "./payload-kv/index"

export default buildConfig({
  collections: [posts, pages, notes],
  db,
  plugins: [cache]
})
