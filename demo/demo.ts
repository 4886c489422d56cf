/**
 * `npm run demo`: a real Payload blog gets its cache and shows what it does. Ends with exit code 1 if anything that it
 * claims does not hold.
 *
 *   --posts N     posts to seed (default 200)
 *   --views N     page views per measurement (default 120)
 *   --json FILE   also writes what was measured as JSON
 *   --keep        leaves the projects for a look around
 */
import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import kleur from 'kleur';
import { copyFixture, type ProjectCopy } from '../test/support/project.js';
import { repository } from '../test/support/repository.js';
import { allPages, type Page, readsOf, visits } from './pages.js';
import { type Site, startSite } from './start-site.js';
import { table } from './table.js';

/** What one store did for one way of reading. */
interface Measurement {
  store: 'none' | 'memory' | 'cloudflareKV';
  api: 'local' | 'rest';
  views: number;
  /** The first view of each page. */
  coldDatabaseCallsPerView: number;
  /** Views of pages that were viewed before. */
  hotDatabaseCallsPerView: number;
  p50: number;
  p95: number;
  /** Share of lookups that were hits, in the hot views. */
  hitRate: number | undefined;
}

/** Something that the demo says about the cache, and whether it was seen to be so. */
interface Claim {
  claim: string;
  holds: boolean;
}

const { values: flags } = parseArgs({
  options: {
    posts: { type: 'string', default: '200' },
    views: { type: 'string', default: '120' },
    json: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const posts = wholeNumber('posts', flags.posts);
const views = wholeNumber('views', flags.views);

const started = performance.now();
const measurements: Measurement[] = [];
const claims: Claim[] = [];
const projects: ProjectCopy[] = [];

const BINDING = 'PAYLOAD_CACHE';

async function demo(): Promise<void> {
  heading('A Payload blog on SQLite, without a cache');
  const blog = await copy();
  const databaseUri = `file:${path.join(blog.dir, 'blog.db')}`;
  const plain = await start('Starting it', blog, databaseUri);
  await step(`Seeding ${posts} posts`, (progress) => plain.ask('seed', { posts }, progress));
  const slugs = await plain.ask('slugs', {});
  const pages = allPages(slugs.posts, slugs.categories);
  await measure(plain, 'none', pages);
  await plain.stop();

  heading('npx payload-kv init');
  await show(blog, ['init', '--yes', '--no-install']);
  claim(
    'init changes nothing the second time',
    (await payloadKV(blog, ['init', '--yes', '--no-install', '--dry-run', '--json'])).changes?.length === 0,
  );

  heading('The same blog, cached in memory');
  const inMemory = await start('Starting it', blog, databaseUri);
  await measure(inMemory, 'memory', pages);
  await editAndRead(inMemory, 'memory', slugs.posts);
  await inMemory.stop();

  heading(`The same blog, cached in Cloudflare KV (Miniflare's)`);
  const onKV = await copy();
  await onKV.write('wrangler.jsonc', WRANGLER);
  await show(onKV, ['init', '--yes', '--no-install', '--store', 'cloudflare-kv', '--binding', BINDING]);
  const withKV = await start('Starting it', onKV, databaseUri, BINDING);
  await measure(withKV, 'cloudflareKV', pages);
  await editAndRead(withKV, 'cloudflareKV', slugs.posts);
  await withKV.stop();

  heading('A page view, before and after');
  printTable();

  heading('A field is added to posts: npx payload-kv sync');
  await blog.replace(
    'src/collections/Posts.ts',
    "{ name: 'title', type: 'text', required: true, localized: true },",
    "{ name: 'title', type: 'text', required: true, localized: true },\n    { name: 'series', type: 'relationship', relationTo: 'tags', index: true },",
  );
  const drift = await payloadKV(blog, ['sync', '--check', '--json']);
  claim(
    'sync --check notices the new field',
    drift.exitCode === 1 && JSON.stringify(drift.json).includes('series'),
  );
  await show(blog, ['sync', '--yes']);
  claim(
    'after sync nothing is left to do',
    (await payloadKV(blog, ['sync', '--check', '--json'])).exitCode === 0,
  );

  heading('npx payload-kv doctor');
  claim('doctor finds the cache in memory healthy', (await show(blog, ['doctor'])) === 0);
  claim('doctor finds the cache in KV healthy', (await show(onKV, ['doctor'])) === 0);

  await conclude();
}

async function conclude(): Promise<void> {
  const seconds = (performance.now() - started) / 1000;
  heading('What was shown');
  for (const { claim, holds } of claims)
    console.log(`  ${holds ? kleur.green('✓') : kleur.red('✗')} ${claim}`);
  console.log(`\nDone in ${seconds.toFixed(0)} s.`);
  if (flags.keep) console.log(`The projects are in ${projects.map((project) => project.dir).join(' and ')}.`);
  if (flags.json) {
    const summary = { posts, views, measurements, claims, seconds };
    await writeFile(flags.json, `${JSON.stringify(summary, null, 2)}\n`);
  }
  if (claims.length === 0 || claims.some(({ holds }) => !holds)) process.exitCode = 1;
}

/** Cold views fill the cache, hot views are measured: through the Local API first, then over HTTP. */
async function measure(site: Site, store: Measurement['store'], pages: readonly Page[]): Promise<void> {
  for (const api of ['local', 'rest'] as const) {
    await step(
      `${views} page views through ${api === 'local' ? 'the Local API' : 'REST'}`,
      async (progress) => {
        const view = (some: readonly Page[]) =>
          api === 'local' ? viewLocally(site, some) : viewOverHttp(site, some);
        const hot = visits(pages, views);
        const cold = await counted(site, () => view([...new Set(hot)]));
        const milliseconds: number[] = [];
        const warm = await counted(site, async () => {
          for (let from = 0; from < hot.length; from += 50) {
            progress(`${from} of ${hot.length}`);
            milliseconds.push(...(await view(hot.slice(from, from + 50))));
          }
        });
        milliseconds.sort((one, other) => one - other);
        measurements.push({
          store,
          api,
          views,
          coldDatabaseCallsPerView: cold.databaseCalls / new Set(hot).size,
          hotDatabaseCallsPerView: warm.databaseCalls / views,
          p50: quantile(milliseconds, 0.5),
          p95: quantile(milliseconds, 0.95),
          hitRate: store === 'none' ? undefined : warm.hits / warm.lookups,
        });
        if (store === 'none') {
          claim(`without a cache each page view asks the database (${api})`, warm.databaseCalls > views);
        } else {
          claim(`a hot page view makes no database call (${store}, ${api})`, warm.databaseCalls === 0);
          claim(
            `every lookup of a hot page view is a hit (${store}, ${api})`,
            warm.hits === warm.lookups && warm.hits > 0,
          );
        }
      },
    );
  }
}

async function counted(site: Site, work: () => Promise<unknown>) {
  const before = await site.ask('counters', {});
  await work();
  const after = await site.ask('counters', {});
  return {
    databaseCalls: after.databaseCalls - before.databaseCalls,
    hits: after.hits - before.hits,
    lookups: after.lookups - before.lookups,
  };
}

const viewLocally = (site: Site, pages: readonly Page[]) => site.ask('view', { pages: [...pages] });

async function viewOverHttp(site: Site, pages: readonly Page[]): Promise<number[]> {
  const milliseconds: number[] = [];
  for (const page of pages) {
    const start = performance.now();
    await Promise.all(readsOf(page).map((read) => fetchJson(site.api + read.rest)));
    milliseconds.push(performance.now() - start);
  }
  return milliseconds;
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} from ${url}: ${await response.text()}`);
  return response.json();
}

/** An editor saves a post whose page is hot: the next visitor sees the new title, and so does the one after, cached. */
async function editAndRead(site: Site, store: string, slugs: readonly string[]): Promise<void> {
  const slug = slugs[0] ?? '';
  const title = `Edited while cached in ${store}`;
  const hot = await site.ask('title', { slug });
  await site.ask('edit', { slug, title });
  const next = await site.ask('title', { slug });
  const again = await site.ask('title', { slug });
  const overHttp = (await fetchJson(`${site.api}/posts?where[slug][equals]=${slug}&limit=1&depth=2`)) as {
    docs: { title: string }[];
  };
  const line = (when: string, { title, databaseCalls }: typeof hot) =>
    console.log(`  ${when.padEnd(16)} "${title}", ${databaseCalls} database calls`);
  line('before the edit', hot);
  line('next read', next);
  line('the one after', again);
  claim(`the read after an edit is the new one (${store})`, hot.title !== title && next.title === title);
  claim(`the same over REST (${store})`, overHttp.docs[0]?.title === title);
  claim(`the new one is cached in turn (${store})`, again.title === title && again.databaseCalls === 0);
}

function printTable(): void {
  const number = (value: number, digits: number) => value.toFixed(digits);
  const rows = measurements.map((row) => {
    const uncached = measurements.find(({ store, api }) => store === 'none' && api === row.api);
    return [
      { local: 'Local API', rest: 'REST' }[row.api],
      { none: 'no cache', memory: 'memory', cloudflareKV: 'Cloudflare KV' }[row.store],
      number(row.coldDatabaseCallsPerView, 1),
      number(row.hotDatabaseCallsPerView, 1),
      `${number(row.p50, 1)} ms`,
      `${number(row.p95, 1)} ms`,
      row.hitRate === undefined ? '' : `${number(row.hitRate * 100, 0)} %`,
      uncached && uncached !== row ? `${number(uncached.p50 / row.p50, 1)} ×` : '',
    ];
  });
  rows.sort(([one = ''], [other = '']) => one.localeCompare(other));
  console.log(
    table(
      ['read by', 'cached in', 'db calls, 1st view', 'db calls, hot view', 'p50', 'p95', 'hits', 'p50 ratio'],
      rows,
    ),
  );
  console.log(
    kleur.dim(
      'SQLite answers within the process of the site, while Miniflare keeps its KV in another one: where the database is a\n' +
        'network away and KV is not, it is the other way round. What holds anywhere is the number of database calls.',
    ),
  );
}

async function copy(): Promise<ProjectCopy> {
  const project = await copyFixture('blog');
  projects.push(project);
  return project;
}

async function start(
  what: string,
  project: ProjectCopy,
  databaseUri: string,
  kvBinding?: string,
): Promise<Site> {
  return step(what, () => startSite(project.dir, databaseUri, kvBinding));
}

const cli = (project: ProjectCopy, args: string[]) =>
  [[path.join(repository, 'bin/payload-kv.js'), ...args], { cwd: project.dir, reject: false }] as const;

/** Runs the command for the reader to see, and returns its exit code. */
async function show(project: ProjectCopy, args: string[]): Promise<number> {
  console.log(kleur.dim(`$ npx payload-kv ${args.join(' ')}`));
  const [argv, options] = cli(project, args);
  const { exitCode } = await execa(process.execPath, argv, {
    ...options,
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
  });
  if (exitCode === undefined) throw new Error('payload-kv did not run');
  if (exitCode !== 0 && args[0] !== 'doctor')
    throw new Error(`payload-kv ${args.join(' ')} ended with ${exitCode}`);
  return exitCode;
}

/** Runs the command for what it says in JSON. */
async function payloadKV(project: ProjectCopy, args: string[]) {
  const [argv, options] = cli(project, args);
  const { exitCode, stdout, stderr } = await execa(process.execPath, argv, { ...options, stdin: 'ignore' });
  try {
    const json = JSON.parse(stdout) as { changes?: unknown[] };
    return { exitCode, json, changes: json.changes };
  } catch {
    throw new Error(`payload-kv ${args.join(' ')} printed no JSON:\n${stdout}${stderr}`);
  }
}

function claim(text: string, holds: boolean): void {
  claims.push({ claim: text, holds });
}

function heading(text: string): void {
  console.log(`\n${kleur.bold().underline(text)}\n`);
}

/** Says what is going on, and when it is done how long it took. On a terminal the line moves. */
async function step<Result>(
  what: string,
  work: (progress: (text: string) => void) => Promise<Result>,
): Promise<Result> {
  const start = performance.now();
  const live = process.stdout.isTTY;
  process.stdout.write(`  ${what} …${live ? '' : '\n'}`);
  let said = start;
  const result = await work((text) => {
    if (live) process.stdout.write(`\r\u001b[K  ${what} … ${kleur.dim(text)}`);
    else if (performance.now() - said > 3000) {
      said = performance.now();
      console.log(`    ${text}`);
    }
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`${live ? '\r\u001b[K' : ''}  ${what}: ${seconds} s\n`);
  return result;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${flag} takes a whole number above 0, not "${text}"`);
  return value;
}

const WRANGLER = `{
  // The Worker that this blog is deployed as.
  "name": "blog",
  "main": "src/worker.ts",
  "compatibility_date": "2026-03-01",
  "compatibility_flags": ["nodejs_compat"],
}
`;

// Also on Ctrl-C: sites end when their channel closes, and the projects go with this process.
process.on('exit', () => {
  if (!flags.keep)
    for (const { dir } of projects)
      rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

await demo();
