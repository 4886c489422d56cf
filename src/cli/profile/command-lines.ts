/** The commands that say what could be better. */
import { ADVICE_KINDS } from '../../plan/advice/advice.js';
import { type CommandLine, choice, common, wholeNumber } from '../command-line.js';
import { examples } from '../help-block.js';
import { ofSite } from '../site/command-lines.js';

/** They, in the order in which the help lists them. */
export const adviceCommands = [advise, profile];

function advise({ program, action, stdout }: CommandLine): void {
  ofSite(
    common(
      program
        .command('advise')
        .description('propose TTLs, slices and what to cache by what the running site has counted'),
    ),
  )
    .option('--from <path>', 'a file that `payload-kv stats --json` has printed, instead of a site')
    .addOption(
      choice('--only <kind>', 'only advice of this kind; repeatable', ADVICE_KINDS, { repeatable: true }),
    )
    .option('--apply', "write what can be written into the project's own file, after showing the diff")
    .option('-y, --yes', 'with --apply: write without asking')
    .option('--dry-run', 'with --apply: show the diff, write nothing')
    .option('--diff', 'with --apply: show the diff of generated files as well')
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv advise --url http://localhost:3000', 'what could be better, with the effect expected'],
        ['payload-kv advise --from stats.json --only ttl', 'by numbers that were saved'],
        ['payload-kv advise --apply', 'show the diff, ask, write it'],
      ),
    )
    .action(
      action('advise', async (options, terminal) =>
        (await import('../commands/advise.js')).runAdvise(options, terminal),
      ),
    );
}

function profile({ program, action, stdout }: CommandLine): void {
  ofSite(
    common(
      program
        .command('profile')
        .description('show what the cache and the database do for one page, read by read')
        .argument('<page>', 'its address, or with --url its path'),
    ),
  )
    .option('--times <count>', 'ask for it so often, to compare', wholeNumber(1, 100), 1)
    .option('--html <path>', 'write it as a page as well')
    .addHelpText('after', () =>
      examples(
        stdout,
        ['payload-kv profile http://localhost:3000/posts', 'each read, with its outcome and time'],
        ['payload-kv profile http://localhost:3000 --times 5', 'the first request and those after it'],
        ['payload-kv profile http://localhost:3000 --html profile.html', 'to look at in a browser'],
      ),
    )
    .action(
      action('profile', async (options, terminal, page) =>
        (await import('../commands/profile.js')).runProfile(page!, options, terminal),
      ),
    );
}
