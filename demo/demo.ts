/**
 * `npm run demo`: a real Payload blog gets its cache, and the demo measures what that saves. The result comes first,
 * then what `init` wrote and what the other commands say, and at the end a picture. Ends with exit code 1 if anything
 * that it claims does not hold.
 *
 *   --posts N        posts to seed (default 20)
 *   --views N        page views per measurement (default 20)
 *   --database-ms N  assumed round trip of a database call (default 10); 0 is measured as well
 *   --kv-ms N        assumed round trip of a KV call (default 5)
 *   --diff           shows all that `init` wrote, the generated file too
 *   --report FILE    where the HTML report goes (default: a new file among the temporary ones)
 *   --json FILE      also writes what was measured as JSON
 *   --keep           leaves the projects for a look around
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import kleur from 'kleur';
import { createProgress } from '../src/cli/terminal/progress.js';
import { copyFixture, type ProjectCopy } from '../test/support/project.js';
import { runForJson, runForText, type WrittenFile } from './commands.js';
import { API_NAMES, pictureLines, resultLines, STORE_NAMES, sentence, writtenLines } from './lines.js';
import { counted, fetchJson, type Measurement, measure } from './measurement.js';
import { allPages, type Page } from './pages.js';
import { type Claim, reportHtml } from './report.js';
import { type Site, startSite } from './start-site.js';

const { values: flags } = parseArgs({
  options: {
    posts: { type: 'string', default: '20' },
    views: { type: 'string', default: '20' },
    'database-ms': { type: 'string', default: '10' },
    // The middle of what Cloudflare says, see KV_PUBLISHED_MS.
    'kv-ms': { type: 'string', default: '5' },
    diff: { type: 'boolean', default: false },
    report: { type: 'string' },
    json: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const posts = wholeNumber('posts', flags.posts, 1);
const views = wholeNumber('views', flags.views, 1);
const databaseMs = wholeNumber('database-ms', flags['database-ms'], 1);
const kvMs = wholeNumber('kv-ms', flags['kv-ms'], 0);

const started = performance.now();
const claims: Claim[] = [];
/** Has all projects in it. */
const workplace = mkdtempSync(path.join(tmpdir(), 'payload-kv-demo-'));
// Not where the result goes, so that `npm run demo > file` has the result alone.
const progress = createProgress({ json: false, stdout: process.stderr });

let lastStep: string | undefined;

const BINDING = 'PAYLOAD_CACHE';
const CONFIG = 'src/payload.config.ts';
const INIT = ['init', '--yes', '--no-install'];
// The binding that it proposes is the one above.
const INIT_KV = [...INIT, '--store', 'cloudflare-kv'];

/** What an editor's save looks like to the next visitors. */
interface Edit {
  store: string;
  reads: { when: string; title: string; databaseCalls: number }[];
}

async function demo(): Promise<void> {
  const blogs = { plain: await copy(), memory: await copy(), cloudflareKV: await copy() };
  await blogs.cloudflareKV.write('wrangler.jsonc', WRANGLER);
  const databaseUri = `file:${path.join(blogs.plain.dir, 'blog.db')}`;
  say('starting the blog without a cache, and giving it one');
  const [plain, inMemory, onKV] = await Promise.all([
    start(blogs.plain, { databaseUri, hasTables: false }),
    initialised(blogs.memory, 'memory', INIT),
    initialised(blogs.cloudflareKV, 'KV', INIT_KV),
  ]);
  say('seeding, and starting the blog with its cache');
  const [{ pages, slugs }, memory, cloudflareKV] = await Promise.all([
    seeded(plain),
    start(blogs.memory, { databaseUri, hasTables: true }),
    start(blogs.cloudflareKV, { databaseUri, hasTables: true, kvBinding: BINDING }),
  ]);
  const sites = { none: plain, memory, cloudflareKV };

  const measurements: Measurement[] = [];
  for (const store of ['none', 'memory', 'cloudflareKV'] as const) {
    for (const api of ['local', 'rest'] as const) {
      const measurement = await measure(sites[store], store, api, {
        pages,
        views,
        databaseMs: [databaseMs, 0],
        kvMs,
        progress: (text) => say(`measuring with ${STORE_NAMES[store]}, ${API_NAMES[api]}`, text),
      });
      measurements.push(measurement);
      claimOf(measurement);
    }
  }
  // Nothing is timed any more.
  say('editing posts, and adding a field');
  const [edits, synced] = await Promise.all([
    Promise.all([
      editAndRead(memory, 'memory', slugs[0] ?? ''),
      inMiniflare(cloudflareKV, pages, slugs[1] ?? ''),
    ]),
    afterAField(blogs.memory),
  ]);
  await Promise.all(Object.values(sites).map((site) => site.stop()));
  progress.clear();

  heading('Result');
  print(resultLines(measurements, { databaseMs, kvMs }));

  heading('An editor saves a post whose page is cached');
  for (const { store, reads } of edits) {
    console.log(`  Cached in ${store}:`);
    for (const { when, title, databaseCalls } of reads)
      console.log(`    ${when.padEnd(14)} "${title}", database calls: ${databaseCalls}`);
  }

  heading('What init wrote');
  printWritten(INIT, inMemory.files);
  const alsoInMemory = new Set(inMemory.files.map(({ path, diff }) => `${path}\n${diff}`));
  printWritten(
    INIT_KV,
    onKV.files.filter(({ path, diff }) => flags.diff || !alsoInMemory.has(`${path}\n${diff}`)),
  );
  if (!flags.diff) {
    console.log('The diff is shortened. All of it:    npm run demo -- --diff');
    console.log('For a project of yours, unwritten:   npx payload-kv init --dry-run --diff');
  }

  heading('doctor');
  command(['doctor']);
  for (const [where, statuses] of [
    ['memory', inMemory.checks],
    ['Cloudflare KV', onKV.checks],
  ] as const) {
    const ok = statuses.filter((status) => status === 'ok').length;
    console.log(`  ${ok} of ${statuses.length} checks are ok with the cache in ${where}.`);
  }

  heading('A field is added to posts');
  command(['sync', '--yes']);
  print(synced.split('\n').flatMap(sentence));

  heading('Before and after: database calls per page view');
  print(pictureLines(measurements));
  console.log();
  await conclude(measurements, inMemory.files);
}

/** Fills the database, and says which pages there are then. */
async function seeded(site: Site): Promise<{ pages: Page[]; slugs: string[] }> {
  await site.ask('seed', { posts }, (text) => say('seeding, and starting the blog with its cache', text));
  const { posts: slugs, categories } = await site.ask('slugs', {});
  return { slugs, pages: allPages(slugs, categories) };
}

/** What `init` wrote, and what `doctor` says of it. */
async function initialised(blog: ProjectCopy, store: string, init: readonly string[]) {
  const { changes } = await runForJson(blog, init);
  const { exitCode, checks } = await runForJson(blog, ['doctor']);
  claim(`doctor finds the cache in ${store} healthy`, exitCode === 0);
  return { files: changes, checks: checks.map(({ status }) => status) };
}

function claimOf({ store, api, views, hot, ...calls }: Measurement): void {
  if (store === 'none') {
    claim(`without a cache each page view asks the database (${api})`, calls.hotDatabaseCallsPerView > 1);
    return;
  }
  claim(
    `a hot page view makes no database call (${store}, ${api})`,
    calls.hotDatabaseCallsPerView === 0 && calls.hotStatementsPerView === 0,
  );
  claim(
    `every lookup of a hot page view is a hit (${store}, ${api})`,
    hot !== undefined && hot.hits === hot.lookups && hot.hits > views,
  );
}

/** An editor saves a post whose page is hot: the next visitor sees the new title, and so does the one after, cached. */
async function editAndRead(site: Site, store: string, slug: string): Promise<Edit> {
  const title = `Edited while cached in ${store}`;
  await site.ask('title', { slug });
  await site.ask('counters', {});
  const hot = await site.ask('title', { slug });
  await site.ask('edit', { slug, title });
  const next = await site.ask('title', { slug });
  await site.ask('counters', {});
  const again = await site.ask('title', { slug });
  const overHttp = (await fetchJson(`${site.api}/posts?where[slug][equals]=${slug}&limit=1&depth=2`)) as {
    docs: { title: string }[];
  };
  claim(`a post is cached before its edit (${store})`, hot.databaseCalls === 0);
  claim(`the read after an edit is the new one (${store})`, hot.title !== title && next.title === title);
  claim(`the same over REST (${store})`, overHttp.docs[0]?.title === title);
  claim(`the new one is cached in turn (${store})`, again.title === title && again.databaseCalls === 0);
  return {
    store,
    reads: [
      { when: 'before', ...hot },
      { when: 'next read', ...next },
      { when: 'the one after', ...again },
    ],
  };
}

/** What KV itself is needed for, and not its speed: the same entries through Miniflare, which runs Cloudflare's code. */
async function inMiniflare(site: Site, pages: readonly Page[], slug: string): Promise<Edit> {
  await site.ask('namespace', { of: 'miniflare' });
  const some = pages.slice(0, 5);
  await counted(site, () => site.ask('view', { pages: some }));
  const hot = await counted(site, () => site.ask('view', { pages: some }));
  claim(
    `every lookup of a hot page view is a hit (Miniflare's KV)`,
    hot.databaseCalls === 0 && hot.hits === hot.lookups && hot.hits > some.length,
  );
  return editAndRead(site, `Miniflare's KV`, slug);
}

/** What `sync` says of a new field, before which nothing is to be done, and after which `sync --check` notices it. */
async function afterAField(blog: ProjectCopy): Promise<string> {
  const again = await runForJson(blog, [...INIT, '--dry-run']);
  claim('init changes nothing the second time', again.exitCode === 0 && again.changes.length === 0);
  await blog.replace(
    'src/collections/Posts.ts',
    "{ name: 'title', type: 'text', required: true, localized: true },",
    "{ name: 'title', type: 'text', required: true, localized: true },\n    { name: 'series', type: 'relationship', relationTo: 'tags', index: true },",
  );
  const drift = await runForJson(blog, ['sync', '--check']);
  claim(
    'sync --check notices the new field',
    drift.exitCode === 1 && JSON.stringify(drift.json).includes('series'),
  );
  const said = await runForText(blog, ['sync', '--yes']);
  claim('after sync nothing is left to do', (await runForJson(blog, ['sync', '--check'])).exitCode === 0);
  return said.replace(/^\n+/, '').trimEnd();
}

/** Writes the report, and says where it is, how long everything took and what does not hold. */
async function conclude(measurements: readonly Measurement[], files: readonly WrittenFile[]): Promise<void> {
  const seconds = (performance.now() - started) / 1000;
  const report = path.resolve(
    flags.report ?? path.join(await mkdtemp(path.join(tmpdir(), 'payload-kv-report-')), 'demo.html'),
  );
  const at = new Date();
  const platform = `Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  await writeFile(
    report,
    reportHtml({ measurements, claims, files, databaseMs, kvMs, posts, seconds, at, platform }),
  );
  if (flags.json) {
    const summary = { posts, views, databaseMs, kvMs, report, measurements, claims, seconds };
    await writeFile(flags.json, `${JSON.stringify(summary, null, 2)}\n`);
  }
  const broken = claims.filter(({ holds }) => !holds);
  if (broken.length === 0)
    console.log(`${kleur.green('✓')} ${claims.length} claims about the cache were checked: all hold.`);
  for (const { claim } of broken) print(sentence(`${kleur.red('✗')} Not so: ${claim}`));
  console.log(`Done in ${seconds.toFixed(0)} s. The report, with all numbers and claims:`);
  console.log(report);
  if (flags.keep) console.log(`The projects are in ${workplace}`);
  if (claims.length === 0 || broken.length > 0) process.exitCode = 1;
}

const copy = (): Promise<ProjectCopy> => copyFixture('blog', { inside: workplace });

/** Starts a blog whose database is a network away: its config is another one for as long as it is read. */
async function start(
  project: ProjectCopy,
  options: { databaseUri: string; hasTables: boolean; kvBinding?: string },
): Promise<Site> {
  const own = await project.read(CONFIG);
  await project.replace(
    CONFIG,
    `'@payloadcms/db-sqlite'`,
    `'${new URL('distant-sqlite.ts', import.meta.url)}'`,
  );
  try {
    return await startSite(project.dir, options);
  } finally {
    await project.write(CONFIG, own);
  }
}

function printWritten(args: readonly string[], files: readonly WrittenFile[]): void {
  command(args);
  const shown = files.filter(({ action, generated }) => flags.diff || (action === 'edit' && !generated));
  print(writtenLines(files, shown, flags.diff));
  console.log();
}

function command(args: readonly string[]): void {
  console.log(kleur.dim(`$ npx payload-kv ${args.join(' ')}`));
}

function claim(text: string, holds: boolean): void {
  claims.push({ claim: text, holds });
}

function heading(text: string): void {
  console.log(`\n${kleur.bold().underline(text)}\n`);
}

function print(lines: readonly string[]): void {
  for (const line of lines) console.log(line);
}

/** Says what is going on: on a terminal in one line that moves, elsewhere in a line for each step. */
function say(step: string, detail?: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  progress.show(`${step}${detail ? `, ${detail}` : ''} (${seconds} s)`);
  if (!process.stderr.isTTY && step !== lastStep) process.stderr.write(`${seconds.padStart(3)} s  ${step}\n`);
  lastStep = step;
}

function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least)
    throw new Error(`--${flag} takes a whole number from ${least} on, not "${text}"`);
  return value;
}

/** Files that are in use for a moment more are tried again. */
const REMOVAL = { recursive: true, force: true, maxRetries: 20, retryDelay: 100 };

const WRANGLER = `{
  // The Worker that this blog is deployed as.
  "name": "blog",
  "main": "src/worker.ts",
  "compatibility_date": "2026-03-01",
  "compatibility_flags": ["nodejs_compat"],
}
`;

/**
 * Leaves nothing behind, also on Ctrl-C: sites end when their channel closes, and the projects are removed by a process
 * of its own, which no further Ctrl-C reaches and nobody has to wait for.
 */
function clearUp(): void {
  progress.clear();
  if (flags.keep || !existsSync(workplace)) return;
  const remove = `require('node:fs').rmSync(process.argv[1], ${JSON.stringify(REMOVAL)})`;
  spawn(process.execPath, ['-e', remove, workplace], { detached: true, stdio: 'ignore' }).unref();
}

process.on('exit', clearUp);
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code));

await demo();
if (!flags.keep) await rm(workplace, REMOVAL);
