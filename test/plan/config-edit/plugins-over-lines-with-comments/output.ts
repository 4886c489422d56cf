import { buildConfig } from "payload";
import { seoPlugin } from "@payloadcms/plugin-seo";
import { db } from "./db";
import { cache } from "./payload-kv/index";

export default buildConfig({
    collections: [{ slug: "posts", fields: [] }],
    db,
    plugins: [
        seoPlugin({
            collections: ["posts"],
        }), // titles
        cache,
        // redirects(),
    ],
});
