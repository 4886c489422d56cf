/** The commands that ask a running site, or the store that its processes share. */
import { type Command, InvalidArgumentError } from 'commander';
import { type CommandLine, choice, collect, common, wholeNumber } from '../command-line.js';
import { examples } from '../help-block.js';
import { SHARED_STORES, TOP_ORDERS, WARM_SOURCES } from './choices.js';

/** They, in the order in which the help lists them. */
export const siteCommands = [stats, top, entries, why, purge, warm];

function stats({ program, action, stdout }: CommandLine): void {
  ofSource(common(program.command('stats').description('show what the cache does for the running site')))
    .option('--all', 'add up the numbers of all processes that share the store, where they write them down')
    .option('--watch [seconds]', 'show them anew every so many seconds, default 2', watchSeconds)
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv stats --url http://localhost:3000', 'of the process that answers'],
        ['payload-kv stats --all --watch', 'of all of them, live'],
        ['payload-kv stats --store redis', 'what they wrote down there'],
      ),
    )
    .action(
      action('stats', async (options, terminal) =>
        (await import('../commands/stats.js')).runStats(options, terminal),
      ),
    );
}

function top({ program, action, stdout }: CommandLine): void {
  ofSource(
    common(
      program
        .command('top')
        .description('show the queries that are asked most, and those that one request repeats'),
    ),
  )
    .addOption(choice('--by <what>', 'what comes first', TOP_ORDERS).default('count'))
    .option('--limit <count>', 'queries that are shown', wholeNumber(1, 50), 15)
    .option('--all', 'add up the numbers of all processes that share the store, where they write them down')
    .option('--watch [seconds]', 'show them anew every so many seconds, default 2', watchSeconds)
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv top --url http://localhost:3000', 'the most frequent queries'],
        ['payload-kv top --by time', 'what the database takes longest for'],
        ['payload-kv top --by misses --watch', 'what the cache does not answer, live'],
      ),
    )
    .action(
      action('top', async (options, terminal) =>
        (await import('../commands/top.js')).runTop(options, terminal),
      ),
    );
}

function entries({ program, action, stdout }: CommandLine): void {
  ofEntries(
    common(
      program
        .command('entries')
        .description('show what the cache holds: entries with their age, size and tags, a page at a time')
        .argument('[what]', 'a collection, a document (posts#5), a global (@header) or the key of an entry'),
    ),
  )
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv entries --url http://localhost:3000', 'all that there are'],
        ['payload-kv entries posts', 'those of a collection'],
        ["payload-kv entries 'posts#5'", 'those that depend on a document'],
        ['payload-kv entries @header --store redis', 'straight from the store'],
      ),
    )
    .action(
      action('entries', async (options, terminal, what) =>
        (await import('../commands/entries.js')).runEntries(what, options, terminal),
      ),
    );
}

function why({ program, action, stdout }: CommandLine): void {
  ofSite(
    common(
      program
        .command('why')
        .description(
          'ask the site a query, and show what answers it, by which key, and what would evict that',
        )
        .argument(
          '<what>',
          'a collection, a document (posts#5), a global (@header), or an address of the REST API',
        )
        .argument('[query]', "as in the REST API, e.g. 'where[slug][equals]=hello&limit=1'"),
    ),
  )
    .option('--visitor', 'as somebody who is not logged in; an address of the REST API is always asked so')
    .addHelpText('after', () =>
      examples(
        stdout,
        ["payload-kv why posts 'where[slug][equals]=hello&limit=1'", 'a list'],
        ["payload-kv why 'posts#5' depth=1", 'a document, with its relations'],
        ["payload-kv why 'http://localhost:3000/api/posts?limit=10'", 'what this address asks'],
      ),
    )
    .action(
      action('why', async (options, terminal, what, query) =>
        (await import('../commands/why.js')).runWhy(what!, query, options, terminal),
      ),
    );
}

function purge({ program, action, stdout }: CommandLine): void {
  ofSource(
    common(
      program
        .command('purge')
        .description('make entries stale: count them, ask, do it')
        .argument('[what]', 'a collection, a document (posts#5) or a global (@header)'),
    ),
  )
    .option('--tag <name>', 'what functions and values depend on by a name of your own; repeatable', collect)
    .option('--namespace <name>', 'what the functions of a namespace returned')
    .option('--prefix <text>', 'entries whose keys begin with it, behind payload-cache:')
    .option('--all', 'everything')
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'count them, make nothing stale')
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv purge posts', 'what depends on a collection'],
        ["payload-kv purge 'posts#5' --dry-run", 'how many entries have to do with it'],
        ['payload-kv purge --tag weather --yes', 'no question, for scripts'],
        ['payload-kv purge --all --store redis', 'without a site'],
      ),
    )
    .action(
      action('purge', async (options, terminal, what) =>
        (await import('../commands/purge.js')).runPurge(what, options, terminal),
      ),
    );
}

function warm({ program, action, stdout }: CommandLine): void {
  ofSite(
    common(
      program
        .command('warm')
        .description('ask the site for its pages or documents, so that visitors find them in its caches')
        .argument('[what]', 'the path of the sitemap, a file of addresses (- for standard input), or slugs'),
    ),
  )
    .addOption(choice('--from <source>', 'where the addresses come from', WARM_SOURCES))
    .option('--concurrency <count>', 'requests at the same time', wholeNumber(1, 64), 4)
    .option('--only-stale', 'leave alone what is in a cache already, as after a deploy')
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv warm --from sitemap', 'each page of /sitemap.xml'],
        ['payload-kv warm --from urls top-pages.txt', 'one address or path a line'],
        ['payload-kv warm --from collections posts,pages', 'each document, by REST'],
        ['payload-kv warm --from sitemap --only-stale', 'what a deploy has left'],
      ),
    )
    .action(
      action('warm', async (options, terminal, what) =>
        (await import('../commands/warm.js')).runWarm(what, options, terminal),
      ),
    );
}

/** The flags of commands that ask a running site. */
export function ofSite(command: Command): Command {
  return command
    .option(
      '--url <url>',
      'the running site, e.g. http://localhost:3000, with the path of its REST API, if that is not /api; default PAYLOAD_KV_SITE_URL. Requests are signed with PAYLOAD_SECRET, or carry the API key in PAYLOAD_KV_API_KEY',
    )
    .option('--api-key-collection <slug>', 'the collection of the user whose API key it is');
}

/** The flags of commands that show entries. */
export function ofEntries(command: Command): Command {
  return ofSource(command)
    .option('--namespace <name>', 'what the functions of this namespace returned')
    .option('--limit <count>', 'entries of a page', wholeNumber(1, 200), 20)
    .option('--cursor <cursor>', 'where the page begins, as the page before has said it');
}

/** The flags of commands that ask a running site, or the store that its processes share. */
function ofSource(command: Command): Command {
  return ofSite(command)
    .addOption(
      choice(
        '--store <store>',
        "ask the store instead of a site: that of REDIS_URL, or the KV namespace of the project's wrangler config",
        SHARED_STORES,
      ),
    )
    .option('--env <name>', 'with --store cloudflare-kv: the environment of the wrangler config')
    .option('--local', "with --store cloudflare-kv: wrangler's local state instead of what is deployed");
}

function watchSeconds(value: string): number {
  const seconds = Number(value);
  if (value.trim() === '' || !(seconds >= 0.5 && seconds <= 3_600))
    throw new InvalidArgumentError('Give seconds, from 0.5 to 3600.');
  return seconds;
}
