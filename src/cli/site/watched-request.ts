/** One request through a running site, as a visitor makes it, and what its reads came to: by the site's stream of events. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROFILE } from '../../runtime/observe/profiled-requests.js';
import type { Visitor } from '../warm/visitor.js';
import { isTold, openEventStream, type ToldEvent } from './event-stream.js';
import type { Credentials, SiteAddress } from './site-address.js';
import type { AnsweredRead, Source } from './source.js';

/** How long is waited for what is stored behind an answer, in milliseconds. */
const SETTLING = 100;
/** How long what a request came to may be told after its answer, in milliseconds. */
const PATIENCE = 5_000;
/** Events of one request. */
const MOST_EVENTS = 2_000;
/** Reads whose entries are looked up: each is a question to the site. */
const MOST_LOOKED_UP = 12;

/** What a request came to. */
export interface WatchedRequest {
  status: number;
  reads: AnsweredRead[];
  /** Whether the answer was told to be of a cache of whole responses or pages, which asks nothing below. */
  cached: boolean;
}

/**
 * Makes the request and tells its reads; `undefined` where the site cannot tell requests apart, as on Workers.
 * @throws PayloadKVError what the stream of events, the visitor and the source throw
 */
export async function watchRequest(
  url: string,
  visitor: Visitor,
  source: Source,
  site: { address: SiteAddress; credentials: Credentials },
): Promise<WatchedRequest | undefined> {
  const profile = randomBytes(16).toString('hex');
  const events: ToldEvent[] = [];
  const over = new AbortController();
  const stream = await openEventStream(site.address, site.credentials, profile, ({ kind, data }) => {
    if (kind === 'request') over.abort();
    else if (isTold(kind, data) && events.length < MOST_EVENTS) events.push(data);
  });
  try {
    if (!stream.tellsRequests) return undefined;
    const response = await visitor.get(url, { [PROFILE]: profile });
    for await (const _piece of response.body ?? []);
    // What is told comes behind the answer. Of another process nothing ever does.
    await sleep(PATIENCE, undefined, { signal: over.signal }).catch(() => undefined);
    const { status, headers } = response;
    const cached = /^hit/i.test(headers.get('x-payload-cache') ?? headers.get('x-nextjs-cache') ?? '');
    return { status, cached, reads: await readsOf(events, source) };
  } finally {
    stream.close();
  }
}

const OUTCOMES: ReadonlySet<string> = new Set(['hit', 'miss', 'stale', 'bypass']);

/** Each read, with its entry as it is now. */
async function readsOf(events: readonly ToldEvent[], source: Source): Promise<AnsweredRead[]> {
  const reads: AnsweredRead[] = [];
  for (const { type, subject, name = '', operation = '', shape = '', reason, key, outcome } of events) {
    if (type === 'fill') {
      const last = reads.findLast((read) => key !== undefined && read.key === key);
      if (last) last.kept = outcome === 'kept';
    }
    if (!OUTCOMES.has(type)) continue;
    reads.push({
      name: subject === 'global' ? `@${name}` : name,
      operation,
      shape: subject === 'function' ? 'what a function returned' : shape,
      outcome: type,
      ...(reason === undefined ? {} : { reason }),
      key: key ?? null,
      tags: [],
      entry: type === 'hit' || type === 'stale',
    });
  }
  // What is stored is stored behind the answer.
  await sleep(SETTLING);
  for (const read of reads.filter(({ key }) => typeof key === 'string').slice(0, MOST_LOOKED_UP)) {
    const { entries } = await source.entries({ key: read.key as string, limit: 1 });
    const [entry] = entries;
    if (!entry) continue;
    read.key = entry.key;
    read.tags = entry.tags;
    if (entry.ttl !== null) read.ttl = entry.ttl;
    if (entry.age !== null) read.age = entry.age;
  }
  return reads;
}
