import kleur from 'kleur';
import { PayloadKVError } from '../../errors.js';
import { variableIn } from '../environment-files.js';
import { EXIT } from '../failure.js';
import { askedBy } from '../site/rest-query.js';
import { type SiteFlags, siteAddress } from '../site/site-address.js';
import { openSite } from '../site/site-client.js';
import { whyLines } from '../site/why-lines.js';
import { viewColumns } from '../terminal/live.js';
import type { Terminal } from '../terminal/terminal.js';

/** Options of `payload-kv why`. */
export interface WhyOptions extends SiteFlags {
  /** Asks as somebody who is not logged in. Default: of an address of the REST API, whose visitors are that. */
  visitor?: boolean;
}

/**
 * Asks a query as the site's Local API does, and shows what answers each read below it, and why; returns the exit code.
 * @param what a collection, a document (`posts#5`), a global (`@header`), or an address of the REST API
 * @param query as in the REST API; an address has its own
 * @throws PayloadKVError `USAGE`, and what the site's answers throw
 */
export async function runWhy(
  what: string,
  query: string | undefined,
  options: WhyOptions,
  terminal: Terminal,
): Promise<number> {
  const isNamed = options.url !== undefined || variableIn(options.cwd, 'PAYLOAD_KV_SITE_URL') !== undefined;
  const asked = askedBy(what, query, isNamed ? siteAddress(options).api : undefined);
  if (isNamed && asked.api !== undefined && asked.api !== siteAddress(options).api) {
    throw new PayloadKVError({
      code: 'USAGE',
      message: `The address is of ${asked.api}, and the site to ask is ${siteAddress(options).api}.`,
      nextStep: 'Leave --url out, and PAYLOAD_KV_SITE_URL unset, or give the path alone, e.g. /api/posts.',
    });
  }
  const source = openSite({ ...options, ...(isNamed || asked.api === undefined ? {} : { url: asked.api }) });
  try {
    const { name, id, isGlobal, operation, args, isAddress } = asked;
    const target = await source.resolve({ name, isGlobal, ...(id === undefined ? {} : { id }) });
    const visitor = options.visitor ?? isAddress;
    const { reads } = await source.why({
      ...target,
      ...(operation ? { operation } : {}),
      ...args,
      ...(visitor ? { overrideAccess: false } : {}),
    });
    terminal.say(kleur.dim(`  ${askerText(source.isSigned, visitor)}`));
    for (const line of whyLines(reads, viewColumns(terminal))) terminal.say(line);
    terminal.document({ command: 'why', ok: true, from: source.place, visitor, reads });
    return EXIT.ok;
  } finally {
    await source.close();
  }
}

function askerText(isSigned: boolean, visitor: boolean): string {
  if (!isSigned) return 'As the user of the API key asks it:';
  return visitor
    ? 'As a visitor asks it, who is not logged in:'
    : "As the site's own code asks it, without access control:";
}
