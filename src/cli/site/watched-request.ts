/** One request through a running site, as a visitor makes it, and what its reads came to: by the site's stream of events. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PayloadKVError } from '../../errors.js';
import type { CacheEvent } from '../../interfaces/events.js';
import { isObject } from '../../platform/is-object.js';
import { PROFILE } from '../../runtime/observe/profiled-requests.js';
import type { Visitor } from '../warm/visitor.js';
import type { AnsweredRead, Source } from './source.js';

/** How long is waited for what is stored behind an answer, in milliseconds. */
const SETTLING = 100;
/** How long the stream may take to open, and its last events to come, in milliseconds. */
const PATIENCE = 10_000;
/** Characters of one event, and events of one request. */
const [LONGEST_EVENT, MOST_EVENTS] = [256 * 1024, 2_000];
/** Reads whose entries are looked up: each is a question to the site. */
const MOST_LOOKED_UP = 12;

/** An event of a request, with what was asked. */
type Told = CacheEvent & { shape?: string };

/** What a request came to. */
export interface WatchedRequest {
  status: number;
  reads: AnsweredRead[];
  /** Whether the answer was told to be of a cache of whole responses or pages, which asks nothing below. */
  cached: boolean;
}

/**
 * Makes the request and tells its reads; `undefined` where the site cannot tell requests apart, as on Workers.
 * @param open opens the stream of events of a profile, e.g. `site.events`
 * @throws PayloadKVError `SITE_NOT_UNDERSTOOD` where the stream does not begin, and what the visitor throws
 */
export async function watchRequest(
  address: string,
  visitor: Visitor,
  source: Source,
  open: (profile: string) => Promise<Response>,
): Promise<WatchedRequest | undefined> {
  const profile = randomBytes(16).toString('hex');
  const stream = await open(profile);
  const reader = blocksOf(stream);
  const events: Told[] = [];
  try {
    for (let opened = ''; ; ) {
      const block = await within(reader.next());
      if (block.done) throw notBegun();
      opened += `${block.value}\n`;
      if (opened.includes(': no requests')) return undefined;
      if (opened.includes(': open')) break;
    }
    const response = await visitor.get(address, { [PROFILE]: profile });
    for await (const _piece of response.body ?? []);
    for (;;) {
      const block = await within(reader.next()).catch(() => undefined);
      if (!block || block.done || block.value.includes(': no requests')) {
        if (block && !block.done) return undefined;
        break;
      }
      const [, type, data = ''] = /^event: ([\w-]+)\ndata: (.*)$/s.exec(block.value) ?? [];
      if (type === 'request') break;
      const event = type === undefined ? undefined : eventIn(data);
      if (event && events.length < MOST_EVENTS) events.push(event);
    }
    const { status, headers } = response;
    const cached = /^hit/i.test(headers.get('x-payload-cache') ?? headers.get('x-nextjs-cache') ?? '');
    return { status, cached, reads: await readsOf(events, source) };
  } finally {
    await reader.return(undefined).catch(() => undefined);
  }
}

function within<Result>(promise: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(notBegun()), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const notBegun = (): PayloadKVError =>
  new PayloadKVError({
    code: 'SITE_NOT_UNDERSTOOD',
    message: 'The stream of events of the site does not begin.',
    nextStep: 'A proxy that collects answers keeps it back: ask the site directly, by --url.',
  });

/** The blocks of a stream of events, each without the empty line at its end. */
async function* blocksOf({ body }: Response): AsyncGenerator<string, void> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of body ?? []) {
    text += decoder.decode(piece, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 2);
    }
    if (text.length > LONGEST_EVENT) return;
  }
}

function eventIn(data: string): Told | undefined {
  try {
    const event: unknown = JSON.parse(data);
    return isObject(event) && typeof (event as Partial<Told>).type === 'string' ? (event as Told) : undefined;
  } catch {
    return undefined;
  }
}

const OUTCOMES: ReadonlySet<string> = new Set(['hit', 'miss', 'stale', 'bypass']);

/** Each read, with its entry as it is now. */
async function readsOf(events: readonly Told[], source: Source): Promise<AnsweredRead[]> {
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
