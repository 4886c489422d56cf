import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ADMIN_PAGES, PUBLIC_PAGES, type SitePage, visit } from '../test/site/pages.js';
import { removeDirectory } from '../test/support/remove-directory.js';
import { type RunningSite, signIn, startSite } from '../test/support/site.js';
import { type BuiltSite, builtSite } from '../test/support/site-build.js';

/** What V8 writes with `--cpu-prof`, as far as it is read here. */
interface Profile {
  startTime: number;
  endTime: number;
  samples: number[];
  timeDeltas: number[];
  nodes: { id: number; callFrame: Frame }[];
}

interface Frame {
  functionName: string;
  url: string;
  lineNumber: number;
  columnNumber: number;
}

const PAGES = [PUBLIC_PAGES[0]!, ADMIN_PAGES[1]!];
const SIDES = { without: { PAYLOAD_KV_ENABLED: 'false' }, with: {} };
const REQUESTS = 100;
const WARM_UP = 20;
/** Smaller shares are one. */
const SMALLEST = 0.015;

/** Where the time of a page of a real site goes, package by package: of a public page and of a view of the admin panel. */
export async function benchProfile(): Promise<void> {
  const site = await builtSite((step) => console.log(`  … ${step}`));
  for (const page of PAGES) {
    for (const [side, env] of Object.entries(SIDES)) {
      const shares = await profiled(site, page, env);
      console.log(`  ${page.name}, ${side}`);
      for (const [name, share] of shares)
        console.log(`    ${(share * 100).toFixed(1).padStart(5)} %  ${name}`);
    }
  }
}

async function profiled(site: BuiltSite, page: SitePage, env: object): Promise<[string, number][]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-profile-'));
  let running: RunningSite;
  try {
    const flags = ['--cpu-prof', `--cpu-prof-dir=${directory}`];
    running = await startSite(site, { SITE_MEASUREMENTS: '0', ...env }, flags);
    let took = 0;
    try {
      const cookie = await signIn(running.url);
      for (let visits = 0; visits < WARM_UP; visits += 1) await visit(running.url, page, cookie);
      const start = performance.now();
      for (let visits = 0; visits < REQUESTS; visits += 1) await visit(running.url, page, cookie);
      took = performance.now() - start;
    } finally {
      await running.stop();
    }
    const files = await readdir(directory);
    const profiles = await Promise.all(
      files.map(async (file) => JSON.parse(await readFile(path.join(directory, file), 'utf8')) as Profile),
    );
    // Next's own helpers leave small ones.
    const profile = profiles.sort((one, other) => other.samples.length - one.samples.length)[0];
    if (!profile) throw new Error('The site left no profile.');
    // The running copy is gone; the maps lie where it was built.
    for (const { callFrame } of profile.nodes) callFrame.url = callFrame.url.replace(running.dir, site.dir);
    return await sharesOf(profile, took * 1000);
  } finally {
    await removeDirectory(directory);
  }
}

/** The shares of the last part of a profile, `took` microseconds long. */
async function sharesOf(profile: Profile, took: number): Promise<[string, number][]> {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const from = profile.endTime - took;
  const times = new Map<string, number>();
  let now = profile.startTime;
  let total = 0;
  for (const [index, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index]!;
    now += delta;
    if (now < from) continue;
    const owner = await ownerOf(frames.get(id)!);
    times.set(owner, (times.get(owner) ?? 0) + delta);
    total += delta;
  }
  const shares = [...times].map(([name, time]): [string, number] => [name, time / total]);
  const small = shares.filter(([, share]) => share < SMALLEST).reduce((sum, [, share]) => sum + share, 0);
  const large = shares.filter(([, share]) => share >= SMALLEST).sort(([, one], [, other]) => other - one);
  return [...large, ['all others', small]];
}

const maps = new Map<string, SourceMap | undefined>();
const owners = new Map<Frame, string>();

async function ownerOf(frame: Frame): Promise<string> {
  let owner = owners.get(frame);
  if (owner === undefined) {
    owner = nameOf(frame, await sourceOf(frame));
    owners.set(frame, owner);
  }
  return owner;
}

/** Whose code a function is, by the package that it was bundled from. */
function nameOf({ functionName, url }: Frame, source: string): string {
  if (functionName === '(idle)') return 'waiting';
  if (functionName === '(garbage collector)') return 'collecting garbage';
  if (url === '' || url.startsWith('node:')) return 'Node itself: streams, compression, async hooks';
  // React comes with Next, under many paths.
  if (/react/.test(source.slice(source.lastIndexOf('/')))) return 'React';
  const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(decodeURIComponent(source))?.[1];
  if (name) return name;
  return /next|webpack|turbopack/.test(source) ? 'next' : 'the site';
}

async function sourceOf({ url, lineNumber, columnNumber }: Frame): Promise<string> {
  const file = url.replace('file://', '');
  if (!maps.has(file)) {
    const text = existsSync(`${file}.map`) ? await readFile(`${file}.map`, 'utf8') : undefined;
    maps.set(file, text === undefined ? undefined : new SourceMap(JSON.parse(text)));
  }
  const entry = maps.get(file)?.findEntry(lineNumber, columnNumber);
  // Some of what a bundler writes comes from no source.
  const source =
    entry && 'originalSource' in entry ? (entry.originalSource as string | undefined) : undefined;
  return source ?? url;
}
