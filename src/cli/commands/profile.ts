import { writeFileSync } from 'node:fs';
import path from 'node:path';
import kleur from 'kleur';
import { PayloadKVError } from '../../errors.js';
import { variableIn } from '../environment-files.js';
import { EXIT } from '../failure.js';
import { profilePage } from '../profile/profile-page.js';
import { profileSite } from '../profile/profile-site.js';
import { totalsOf } from '../profile/profiled.js';
import { comparedLines, milliseconds, waterfallLines } from '../profile/waterfall.js';
import {
  apiOf,
  authorizationOf,
  credentialsFor,
  type SiteAddress,
  type SiteFlags,
} from '../site/site-address.js';
import { createProgress } from '../terminal/progress.js';
import { columnsOf, oneLine, type Terminal } from '../terminal/terminal.js';

/** Options of `payload-kv profile`. */
export interface ProfileFlags extends SiteFlags {
  /** How often the page is asked for. Default 1. */
  times?: number;
  /** Where the page of it is written. Default: none is. */
  html?: string;
}

/**
 * Shows what the cache and the database do for a page; returns the exit code.
 * @throws PayloadKVError `USAGE`, and what {@link profileSite} throws
 */
export async function runProfile(
  what: string,
  { html, times = 1, ...flags }: ProfileFlags,
  terminal: Terminal,
): Promise<number> {
  // A path is of the site that is named, as `why` takes it too.
  const site = flags.url ?? (what.startsWith('/') ? variableIn(flags.cwd, 'PAYLOAD_KV_SITE_URL') : undefined);
  const { url, address } = addressOf(what, site);
  const credentials = credentialsFor(flags, address);
  const shown = shownAddress(url);
  const progress = createProgress(terminal);
  const runs = await profileSite({
    url,
    times,
    address,
    credentials,
    onRun: (index) => progress.show(times > 1 ? `${shown}, request ${index + 1} of ${times}` : shown),
  }).finally(progress.clear);
  const columns = columnsOf(terminal) ?? 80;
  const page = html === undefined ? undefined : path.resolve(flags.cwd, html);
  if (page !== undefined) writeFileSync(page, profilePage({ url: shown, at: new Date(), runs }));
  for (const [index, run] of runs.entries()) {
    // Those between the first and the last are like them: the table and the page have them all.
    if (index > 0 && index < runs.length - 1) continue;
    const number = runs.length > 1 ? `Request ${index + 1}: ` : '';
    terminal.say(
      kleur.bold(oneLine(`${number}GET ${shown}  ${run.status} in ${milliseconds(run.duration)} ms`)),
    );
    for (const line of waterfallLines(run, columns)) terminal.say(line);
    terminal.say();
  }
  if (runs.length > 1) for (const line of [...comparedLines(runs), '']) terminal.say(line);
  if (page !== undefined) terminal.say(`${kleur.green('✓')} ${html} has all of it, as a page.`);
  const ok = runs.every(({ complete }) => complete);
  terminal.document({
    command: 'profile',
    ok,
    url: shown,
    ...(page === undefined ? {} : { html: page }),
    runs: runs.map((run) => ({ ...run, totals: totalsOf(run) })),
  });
  return ok ? EXIT.ok : EXIT.found;
}

/** The page, and the site that it is of: the one that is named, or else where the page is. */
function addressOf(what: string, site: string | undefined): { url: URL; address: SiteAddress } {
  let url: URL | undefined;
  try {
    url = new URL(what, site);
  } catch {
    // Said below.
  }
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new PayloadKVError({
      code: 'USAGE',
      message: 'What is to be profiled is no address of a page.',
      nextStep: 'Give it whole, e.g. payload-kv profile http://localhost:3000/posts/hello.',
    });
  }
  const { username, password, origin } = url;
  const withUser = new URL(origin);
  withUser.username = username;
  withUser.password = password;
  const of = site ?? withUser.href;
  const api = apiOf(of);
  const basic = authorizationOf(of);
  url.username = '';
  url.password = '';
  return { url, address: { api, ...(basic === undefined ? {} : { basic }) } };
}

/** An address without what may be a secret. */
function shownAddress({ origin, pathname, search }: URL): string {
  return `${origin}${pathname}${search === '' ? '' : '?…'}`;
}
