import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { startBlog } from '../test/support/payload.js';
import { figure, quantile } from './measure.js';

/** What a hit is made of where both entry and versions are in the isolate, and `JSON.parse` of the same bytes. */
const WORKER = `
  import { memory } from 'payload-kv';
  import { decodeEntry, encodeEntry, encodeResult } from './dist/runtime/entry/entry.js';
  import { walkArguments } from './dist/runtime/query/canonical-arguments.js';
  import { createRememberedPlans } from './dist/runtime/read/remembered-plans.js';
  const store = memory();
  const plans = createRememberedPlans();
  const question = (args) => walkArguments(args).tokens;
  let args;
  let text;
  const tasks = {
    key: () => plans.find(question(args)),
    hit: () => store.decoded.get(plans.find(question(args)).nearKey).result(),
    parse: () => JSON.parse(text),
  };
  export default {
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === '/fill') {
        ({ args, text } = await request.json());
        const key = 'payload-cache:posts:find:page';
        const entry = { key, tags: ['posts', 'posts*'], versions: ['1', '2'], askedAt: Date.now(), ttl: 3600 };
        const body = encodeEntry(entry, encodeResult(JSON.parse(text)));
        store.set(key, body, 3600);
        const decoded = decodeEntry(body);
        store.decoded.offer(key, body, () => store.decoded.copyable(decoded.result()).entry(decoded));
        plans.remember(question(args), { key, nearKey: key, tags: [], question: [] });
        return Response.json(JSON.stringify(tasks.hit()) === text);
      }
      const task = tasks[pathname.slice(1)];
      for (let count = Number(searchParams.get('count')); count > 0; count--) task();
      return Response.json('done');
    },
  };`;

const ROUNDS = 40;
/** Calls in one request: a clock inside stands still while code runs, and a request takes a part of a millisecond itself. */
const CALLS = 1_000;

/** What a hit costs in workerd, timed from outside. */
export async function benchWorkerd(): Promise<void> {
  const site = await startBlog({ seed: 100 });
  const args = { collection: 'posts', limit: 10, sort: 'id', where: { _status: { equals: 'published' } } };
  const result = await site.payload.db.find(args as never);
  await site.stop();
  const bundle = await build({
    stdin: { contents: WORKER, resolveDir: process.cwd() },
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    tsconfigRaw: {},
    write: false,
  });
  const miniflare = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.js', contents: bundle.outputFiles[0]?.text ?? '' }],
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
  });
  try {
    const text = JSON.stringify(result);
    const filled = await miniflare.dispatchFetch('http://worker.test/fill', {
      method: 'POST',
      body: JSON.stringify({ args, text }),
    });
    if ((await filled.json()) !== true) throw new Error('the hit in workerd is not the result');
    const samples: Record<'key' | 'hit' | 'parse', number[]> = { key: [], hit: [], parse: [] };
    for (let round = -10; round < ROUNDS; round++) {
      for (const [name, times] of Object.entries(samples)) {
        const start = performance.now();
        await (await miniflare.dispatchFetch(`http://worker.test/${name}?count=${CALLS}`)).text();
        if (round >= 0) times.push(performance.now() - start);
      }
    }
    const [key, hit, parse] = [samples.key, samples.hit, samples.parse].map((times) =>
      quantile(times, 0.5),
    ) as [number, number, number];
    figure('size of the ten-document result', `${text.length} bytes`);
    figure(
      'hit of a decoded entry in workerd / JSON.parse of the same bytes',
      `${(hit / parse).toFixed(2)} (${((1000 * hit) / CALLS).toFixed(1)} µs / ${((1000 * parse) / CALLS).toFixed(1)} µs)`,
      { holds: hit / parse <= 0.5, says: 'at most 0.5' },
    );
    figure('key of the query, share of it', `${((100 * key) / hit).toFixed(0)} %`);
  } finally {
    await miniflare.dispose();
  }
}
