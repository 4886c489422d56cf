import kleur from 'kleur';
import { PayloadKVError } from '../../errors.js';
import { EXIT } from '../failure.js';
import { WARM_SOURCES, type WarmSource } from '../site/choices.js';
import { credentialsFor, type SiteFlags, siteAddress } from '../site/site-address.js';
import { siteSource } from '../site/site-client.js';
import { bytesText, countText, secondsText } from '../terminal/figures.js';
import { createProgress, progressText } from '../terminal/progress.js';
import { columnsOf, oneLine, type Terminal } from '../terminal/terminal.js';
import { documentsOf, freshDocuments, readAddresses } from '../warm/addresses.js';
import { type Found, readSitemap } from '../warm/sitemap.js';
import { visitAll, type Warmed } from '../warm/visit-all.js';
import { createVisitor, type Visitor } from '../warm/visitor.js';

/** Options of `payload-kv warm`. */
export interface WarmOptions extends SiteFlags {
  /** Where the addresses come from; without it nothing is asked for. */
  from?: WarmSource;
  /** Requests at the same time. Default 4. */
  concurrency?: number;
  /** Leaves alone what the cache holds already, as far as that can be known without asking for it. Default `false`. */
  onlyStale?: boolean;
}

const CONCURRENCY = 4;

/**
 * Asks the site for pages or documents, so that visitors find them in its caches; returns the exit code.
 * @param what of a sitemap its address or path, default `/sitemap.xml`; of `urls` a file, default standard input; of
 *   `collections` slugs, default those that the site caches
 * @throws PayloadKVError `USAGE` without `from`, and what the site's answers throw before the first is asked for
 */
export async function runWarm(
  what: string | undefined,
  options: WarmOptions,
  terminal: Terminal,
): Promise<number> {
  const { from, concurrency = CONCURRENCY, onlyStale = false } = options;
  if (from === undefined) {
    throw new PayloadKVError({
      code: 'USAGE',
      message: 'It is not said where the addresses come from.',
      nextStep: `Add one of these: ${WARM_SOURCES.map((source) => `--from ${source}`).join(', ')}.`,
    });
  }
  const address = siteAddress(options);
  const { origin } = new URL(address.api);
  const visitor = createVisitor(origin, address.basic);
  const ended = new AbortController();
  const interrupt = (): void => ended.abort();
  const progress = createProgress(terminal);
  process.once('SIGINT', interrupt);
  const since = performance.now();
  try {
    const job = await jobOf(what, options, terminal, { address, visitor, progress });
    const warmed = await visitAll(job.addresses, {
      visitor,
      concurrency,
      onlyStale,
      signal: ended.signal,
      onProgress: (done, { failed }) =>
        progress.show(
          progressText(done, job.total, failed === 0 ? '' : `, ${failed} failed`, columnsOf(terminal)),
        ),
    });
    progress.clear();
    const spared = job.spared();
    const seconds = (performance.now() - since) / 1_000;
    for (const line of warmedLines(warmed, { ...job.found, spared, seconds })) terminal.say(line);
    const ok = warmed.failed === 0 && warmed.stopped === undefined;
    terminal.document({
      command: 'warm',
      ok,
      from,
      site: origin,
      ...warmed,
      spared,
      elsewhere: job.found.elsewhere,
      skipped: job.skipped,
    });
    if (ended.signal.aborted) return EXIT.interrupted;
    return ok ? EXIT.ok : EXIT.found;
  } finally {
    progress.clear();
    process.off('SIGINT', interrupt);
  }
}

/** What is asked for. */
interface Job {
  addresses: Iterable<string> | AsyncIterable<string>;
  /** How many, where it is known before. */
  total?: number;
  found: Omit<Found, 'addresses'>;
  /** Those that were left out, since the cache holds them. */
  spared(): number;
  skipped: { collection: string; why: string }[];
}

interface JobParts {
  address: ReturnType<typeof siteAddress>;
  visitor: Visitor;
  progress: ReturnType<typeof createProgress>;
}

async function jobOf(
  what: string | undefined,
  options: WarmOptions,
  terminal: Terminal,
  { address, visitor, progress }: JobParts,
): Promise<Job> {
  if (options.from === 'collections')
    return collectionsJob(what, options, terminal, { address, visitor, progress });
  const { origin } = visitor;
  const found =
    options.from === 'urls'
      ? await readAddresses(what, { cwd: options.cwd, origin, stdin: terminal.stdin })
      : await readSitemap(sitemapAddress(what, origin), visitor, progress.show);
  progress.clear();
  return { addresses: found.addresses, total: found.addresses.length, found, spared: () => 0, skipped: [] };
}

function sitemapAddress(what: string | undefined, origin: string): string {
  const url = URL.canParse(what ?? '/sitemap.xml', origin)
    ? new URL(what ?? '/sitemap.xml', origin)
    : undefined;
  if (url?.origin === origin) return url.href;
  throw new PayloadKVError({
    code: 'USAGE',
    message: `The sitemap ${oneLine(what ?? '')} is not of ${origin}.`,
    nextStep: 'Name the site with --url, and a sitemap of that very origin.',
  });
}

async function collectionsJob(
  what: string | undefined,
  options: WarmOptions,
  terminal: Terminal,
  { address, visitor, progress }: JobParts,
): Promise<Job> {
  const source = siteSource(address, credentialsFor(options, address));
  const skipped: Job['skipped'] = [];
  let spared = 0;
  const named = what
    ?.split(',')
    .map((slug) => slug.trim())
    .filter((slug) => slug !== '');
  const slugs = named ?? (await cachedCollections(source));
  if (slugs.length === 0) {
    throw new PayloadKVError({
      code: 'USAGE',
      message: 'There is no collection to warm.',
      nextStep: 'Name some, e.g. payload-kv warm --from collections posts,pages.',
    });
  }
  const addresses = documentsOf(slugs, {
    api: address.api,
    visitor,
    ...(options.onlyStale ? { freshIds: (slug: string) => freshDocuments(source, slug) } : {}),
    onCollection: progress.show,
    onSkipped(collection, why) {
      skipped.push({ collection, why });
      progress.clear();
      terminal.say(kleur.dim(`  ${oneLine(collection)}: skipped, ${why}`));
    },
    onFresh: (count) => {
      spared += count;
    },
  });
  return { addresses, found: { elsewhere: 0 }, spared: () => spared, skipped };
}

async function cachedCollections(source: ReturnType<typeof siteSource>): Promise<string[]> {
  const { policies } = await source.statistics('process');
  return Object.entries(policies).flatMap(([name, { cached }]) =>
    cached && !name.startsWith('@') ? [name] : [],
  );
}

function warmedLines(
  { asked, fresh, absent, failed, bytes, faults, stopped }: Warmed,
  {
    elsewhere,
    origin: other,
    spared,
    seconds,
  }: Omit<Found, 'addresses'> & { spared: number; seconds: number },
): string[] {
  const parts = [
    `${countText(asked)} asked for in ${secondsText(seconds)}, ${bytesText(bytes)}`,
    ...(fresh > 0 ? [`${countText(fresh)} of them were in a cache`] : []),
    ...(spared > 0 ? [`${countText(spared)} left alone, the cache holds them`] : []),
    ...(absent > 0 ? [`${countText(absent)} not there (3xx, 4xx)`] : []),
    ...(failed > 0 ? [`${countText(failed)} failed`] : []),
  ];
  return [
    ...faults.map(({ address, why }) => `  ${kleur.red('✗')} ${oneLine(address)}: ${oneLine(why)}`),
    ...(failed > faults.length ? [kleur.dim(`    and ${failed - faults.length} more`)] : []),
    ...(elsewhere > 0
      ? [
          `  ${kleur.yellow('!')} ${countText(elsewhere)} addresses are of another origin${other === undefined ? '' : `, such as ${oneLine(other)}`}, and were not asked for.`,
        ]
      : []),
    `${failed > 0 || stopped !== undefined ? kleur.yellow('!') : kleur.green('✓')} ${parts.join('; ')}.`,
    ...(stopped === undefined ? [] : [`${kleur.red('✗')} Stopped: ${oneLine(stopped)}.`]),
  ];
}
