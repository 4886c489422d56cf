import { environmentOf, KEPT_PAGES, seePages, tableOf } from '../test/site/page-writes.js';
import { hasRedis, type RedisServer, startRedis } from '../test/support/redis.js';
import { startSite } from '../test/support/site.js';
import { builtSite } from '../test/support/site-build.js';

/** Prints which pages of a real site each kind of write renders anew: `npm run pages`. */
const built = await builtSite((step) => console.log(`  … ${step}`));
const redis: RedisServer | undefined = hasRedis ? await startRedis() : undefined;
for (const revalidate of ['push', 'handler'] as const) {
  const env = environmentOf(built, revalidate, redis?.port);
  const site = await startSite(built, env);
  try {
    console.log(
      `\n${revalidate}: ● rendered anew, · from the cache${redis ? '' : ' (no Redis: one process)'}\n`,
    );
    const results = await seePages(built, site, env);
    console.log(tableOf(results));
    const rendered = results.reduce((sum, { anew }) => sum + anew.length, 0);
    console.log(`\n${rendered} of ${results.length * Object.keys(KEPT_PAGES).length} pages rendered anew`);
  } finally {
    await site.stop();
  }
}
await redis?.stop();
