import { buildConfig } from "payload";
import { seoPlugin } from "@payloadcms/plugin-seo";
import { db } from "./db";

export default buildConfig({
    collections: [{ slug: "posts", fields: [] }],
    db,
    plugins: [seoPlugin({}) /* titles */],
});
