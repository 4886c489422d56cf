/** The command lines: each command with its flags, its examples and what it runs, which is loaded only then. */
import type { Command } from 'commander';
import { PAGES, REGISTRIES, STORES } from '../plan/answers.js';
import { type CommandLine, choice, choiceArgument, collect, common } from './command-line.js';
import { completionScript, SHELLS, type Shell } from './commands/completion.js';
import { examples } from './help-block.js';
import { adviceCommands } from './profile/command-lines.js';
import { ofEntries, siteCommands } from './site/command-lines.js';

/** Declares every command, in the order in which the help lists them. */
export function declareCommands(line: CommandLine): void {
  const ofProject = [init, sync, remove, inspect, doctor, measure];
  for (const declare of [...ofProject, ...siteCommands, ...adviceCommands, completion]) declare(line);
}

function init({ program, action, stdout }: CommandLine): void {
  exactly(
    common(
      program.command('init').description('inspect the project, ask what to cache, show the diff, write it'),
    ),
  )
    .option('--collections <slugs>', 'the collections to cache, e.g. posts,pages, or none')
    .option('--globals <slugs>', 'the globals to cache, e.g. header,footer, or none')
    .option('--ttl <duration>', 'how long an entry may be served, e.g. 300, 5m')
    .option('--ttl-for <slug=duration>', 'another TTL for one of them, e.g. posts=10m; repeatable', collect)
    .addOption(choice('--store <store>', 'where entries live', STORES))
    .addOption(
      choice(
        '--registry <registry>',
        "where tag versions live, if not where the store's own registry has them",
        REGISTRIES,
      ),
    )
    .option('--binding <name>', 'the name of the KV namespace binding')
    .addOption(
      choice(
        '--pages [mode]',
        'let pages of Next follow what they read: push (Next is told of writes, the default) or handler (pages lie in the store)',
        PAGES,
      ),
    )
    .option(
      '--take-out-hooks',
      "with pages: take out hooks that only revalidate, and unstable_cache around queries, as Payload's website template has them",
    )
    .option(
      '--from-plugin',
      "take out another plugin's cache around the database adapter, and cache what it did: payloadcms-redis-plugin, payloadcms-cloudflare-kv-plugin",
    )
    .option(
      '--responses',
      'let REST and GraphQL answer whole requests from the cache, where nobody is signed in',
    )
    .option('--no-responses', "leave Payload's routes as they are, or take that out of them again")
    .option('--admin-view', 'show the cache in the admin panel, with buttons that purge it')
    .option('--no-admin-view', 'show it no longer')
    .option('--create-namespace', "create the namespace now, with the project's own wrangler")
    .option('-y, --yes', 'take the proposals for what no flag says, and write without asking')
    .option('--dry-run', 'show the diff, write nothing')
    .option('--diff', 'show the diff of generated files as well')
    .option('--no-install', 'leave the installation of the dependency to me')
    .option('--force', 'go on with uncommitted changes')
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv init', 'ask everything'],
        ['payload-kv init --dry-run', 'see what would be written'],
        ['payload-kv init --dry-run --diff', 'every line of it'],
        ['payload-kv init --yes --store memory', 'no questions, entries in memory'],
        ['payload-kv init --registry durable-object', 'Cloudflare, strongly consistent'],
        ['payload-kv init --pages', 'pages of Next follow what they read'],
        ['payload-kv init --pages --take-out-hooks', 'and hooks that told them by hand go'],
        ['payload-kv init --from-plugin', 'in place of another cache'],
        ['payload-kv init --responses', 'REST and GraphQL answer from the cache'],
        ['payload-kv init --ttl 10m --ttl-for posts=1h', 'other TTLs, later too'],
      ),
    )
    .action(
      action('init', async (options, terminal) =>
        (await import('./commands/init.js')).runInit(options, terminal),
      ),
    );
}

function sync({ program, action, stdout }: CommandLine): void {
  exactly(
    common(
      program
        .command('sync')
        .description(
          'after a schema change: say what changed, show the diff, write the generated schema anew',
        ),
    ),
  )
    .option('--check', 'write nothing, exit with 1 if something would change; for CI')
    .option(
      '--add <slugs>',
      'cache collections or globals that have no policy entry, e.g. events,venues',
      list,
    )
    .option('--add-new', 'cache all that is new in the schema')
    .option('-y, --yes', 'write without asking; what is new is cached only if --add says so')
    .option('--dry-run', 'show the diff, write nothing')
    .option('--diff', 'show the diff of generated files as well')
    .option('--force', 'overwrite a generated file that somebody changed')
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv sync', 'show what changed, ask, write it'],
        ['payload-kv sync --check', 'fail where it is out of date'],
        ['payload-kv sync --dry-run --diff', 'every line that would change'],
        ['payload-kv sync --yes --add events', 'no questions, and cache the new collection'],
      ),
    )
    .action(
      action('sync', async (options, terminal) =>
        (await import('./commands/sync.js')).runSync(options, terminal),
      ),
    );
}

function remove({ program, action, stdout }: CommandLine): void {
  common(
    program.command('remove').description('take back what init wrote; what you changed is kept and named'),
  )
    .option('-y, --yes', 'write without asking')
    .option('--dry-run', 'show the diff, write nothing')
    .option('--diff', 'show the diff of generated files as well')
    .option('--no-install', 'leave it to me to install without the dependency')
    .option('--force', 'delete files that were changed as well')
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv remove', 'show what goes, ask, write it'],
        ['payload-kv remove --dry-run', 'only show it'],
        ['payload-kv remove --yes --force', 'no questions, changed files too'],
      ),
    )
    .action(
      action('remove', async (options, terminal) =>
        (await import('./commands/remove.js')).runRemove(options, terminal),
      ),
    );
}

function inspect({ program, action, stdout }: CommandLine): void {
  const command = exactly(
    common(
      program
        .command('inspect')
        .description(
          'say what was found in the project, and how each fact was learned; change nothing. With a name, --url or --store: what the cache holds, as `entries` says it',
        )
        .argument('[what]', 'a collection, a document (posts#5), a global (@header) or the key of an entry'),
    ),
  );
  ofEntries(command)
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv inspect', 'collections, relations, the unresolved'],
        ['payload-kv inspect --exact --json', "Payload's own word, for scripts"],
        ['payload-kv inspect posts --url http://localhost:3000', 'what the cache holds of it'],
      ),
    )
    .action(
      action('inspect', async (options, terminal, what) =>
        [what, options.url, options.store, options.namespace].some((each) => each !== undefined)
          ? (await import('./commands/entries.js')).runEntries(what, options, terminal)
          : (await import('./commands/inspect.js')).runInspect(options, terminal),
      ),
    );
}

function doctor({ program, action, stdout }: CommandLine): void {
  exactly(
    common(
      program.command('doctor').description('prove that the cache works here; every failure names its fix'),
    ),
  )
    .option('--fix', 'repair what is safe to repair, after showing the diff')
    .option('-y, --yes', 'with --fix: write without asking')
    .option('--dry-run', 'with --fix: show the diff, write nothing')
    .option('--diff', 'with --fix: show the diff of generated files as well')
    .option('--no-install', 'with --fix: leave the installation of the dependency to me')
    .option('--remote', "check what is deployed as well, through the project's own wrangler")
    .option(
      '--env <name>',
      "with --remote: only this environment of the wrangler config, '' for the top level; repeatable",
      collect,
    )
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv doctor', 'one line per check'],
        ['payload-kv doctor --fix', 'show what can be repaired, ask, write it'],
        ['payload-kv doctor --remote', 'what is deployed, too'],
        ['payload-kv doctor --json', 'for scripts'],
      ),
    )
    .action(
      action('doctor', async (options, terminal) => {
        const { runDoctor } = await import('./commands/doctor.js');
        return runDoctor(options, terminal);
      }),
    );
}

function measure({ program, action, stdout }: CommandLine): void {
  common(
    program
      .command('measure')
      .description(
        'ask real queries with and without the cache, and show the calls and the time that it saves',
      ),
  )
    .option(
      '--url <url>',
      'ask this running site from outside, e.g. http://localhost:3000; with the path of its REST API, if that is not /api',
    )
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv measure', 'by the config, through payload run'],
        ['payload-kv measure --url http://localhost:3000', 'as a visitor of the site'],
        ['payload-kv measure --json', 'for scripts'],
      ),
    )
    .action(
      action('measure', async (options, terminal) =>
        (await import('./commands/measure.js')).runMeasure(options, terminal),
      ),
    );
}

function completion({ program, stdout }: CommandLine): void {
  program
    .command('completion')
    .description('print a script that completes commands, options and their values in a shell')
    .addArgument(choiceArgument('<shell>', 'the shell that it is for', SHELLS))
    .showHelpAfterError('See `payload-kv completion --help`.')
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv completion bash > ~/.payload-kv.bash', 'source it in ~/.bashrc'],
        ['payload-kv completion zsh > ~/.payload-kv.zsh', 'source it in ~/.zshrc'],
        ['payload-kv completion fish | source', 'for this session'],
      ),
    )
    .action((shell: Shell) => void stdout.write(completionScript(program, shell)));
}

function exactly(command: Command): Command {
  return command.option(
    '--exact',
    "load the config with Payload's own loader and take its word on the schema",
  );
}

function list(value: string, previous: string[] = []): string[] {
  return [
    ...previous,
    ...value
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ];
}
