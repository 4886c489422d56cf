import { buildConfig } from "payload"
import { db } from "./db"
import { notes, pages, posts } from "./posts"

export default buildConfig({
  collections: [posts, pages, notes],
  db
})
