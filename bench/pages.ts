import { environmentOf, seePages, summaryOf, type Telling, tableOf } from '../test/site/page-writes.js';
import { hasRedis, type RedisServer, startRedis } from '../test/support/redis.js';
import { startSite } from '../test/support/site.js';
import { builtSite } from '../test/support/site-build.js';

/**
 * Prints which pages of a real site each kind of write renders anew: `npm run pages`. `npm run pages hooks` does it without
 * this package, with hooks as those of Payload's website template.
 */
const KNOWN: readonly string[] = ['push', 'handler', 'hooks'] satisfies Telling[];
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !KNOWN.includes(name));
if (unknown !== undefined) throw new Error(`"${unknown}" is none of ${KNOWN.join(', ')}.`);
const ways = (asked.length > 0 ? asked : ['push', 'handler']) as Telling[];

const built = await builtSite((step) => console.log(`  … ${step}`));
const redis: RedisServer | undefined = hasRedis ? await startRedis() : undefined;
try {
  for (const way of ways) await see(way);
} finally {
  await redis?.stop();
}

async function see(way: Telling): Promise<void> {
  const env = environmentOf(built, way, redis?.port);
  const site = await startSite(built, env);
  try {
    const alone = redis || way === 'hooks' ? '' : ' (no Redis: one process)';
    console.log(
      `\n${way}: ● rendered anew, ○ for nothing, ◐ after one more view, ✗ old, · from the cache${alone}\n`,
    );
    const results = await seePages(built, site, env);
    console.log(tableOf(results, way !== 'hooks'));
    console.log(`\n${summaryOf(results)}`);
  } finally {
    await site.stop();
  }
}
