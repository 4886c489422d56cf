/** Sends requests to a running site, and collects what its cache and its database do for each. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PayloadKVError } from '../../errors.js';
import { PROFILE } from '../../runtime/observe/profiled-requests.js';
import { isNumber, isTold, type Message, openEventStream, type ToldEvent } from '../site/event-stream.js';
import type { Credentials, SiteAddress } from '../site/site-address.js';
import { unreachable } from '../site/site-answer.js';
import { type ProfiledRun, spansOf } from './profiled.js';

const LONGEST_ANSWER_MS = 60_000;
/** How long the site may take to say that a request is over, once its answer is here, in milliseconds. */
const LONGEST_WORD_MS = 3_000;
/** Events of one request that are kept. */
const MOST_EVENTS = 20_000;

/** What is profiled. */
export interface ProfileOptions {
  /** The page or address, whole. */
  url: URL;
  /** How often. */
  times: number;
  address: SiteAddress;
  credentials: Credentials;
  /** Called before each request. */
  onRun?(index: number): void;
}

/** What the site says of a request that is over. */
interface Ended {
  time: number;
  request: string;
  duration: number;
}

/**
 * Profiles a page, one request after the other.
 * @throws PayloadKVError whose codes begin with `SITE_`, `PROFILE_WORKER`
 */
export async function profileSite(options: ProfileOptions): Promise<ProfiledRun[]> {
  const { url, times, address, credentials, onRun } = options;
  const id = randomBytes(16).toString('hex');
  let events: ToldEvent[] = [];
  let ended: Ended | undefined;
  let dropped = 0;
  const over = new Set<string>();
  const stream = await openEventStream(address, credentials, id, ({ kind, data }: Message) => {
    if (kind === 'dropped') dropped += numberIn(data, 'count');
    else if (kind === 'request') {
      if (isEnded(data)) ended ??= data;
    } else if (isTold(kind, data) && events.length < MOST_EVENTS && !over.has(data.request ?? '')) {
      events.push(data);
    }
  });
  try {
    if (!stream.tellsRequests) {
      throw new PayloadKVError({
        code: 'PROFILE_WORKER',
        message: 'The site runs in a Worker, which does not tell one request from another.',
        nextStep:
          'Profile the same site on Node, as in development; `payload-kv top` tells what a Worker asks most.',
      });
    }
    const runs: ProfiledRun[] = [];
    for (let index = 0; index < times; index++) {
      onRun?.(index);
      events = [];
      ended = undefined;
      dropped = 0;
      const { status, duration } = await send(url, address, id);
      const until = performance.now() + LONGEST_WORD_MS;
      while (!ended && performance.now() < until) await sleep(20);
      const last = ended as Ended | undefined;
      const own = last ? events.filter(({ request }) => request === last.request) : events;
      if (last) over.add(last.request);
      const began = last
        ? last.time - last.duration
        : Math.min(...own.map((each) => each.time - (each.duration ?? 0)));
      runs.push({ status, duration, ...spansOf(own, began), dropped, complete: last !== undefined });
    }
    return runs;
  } finally {
    stream.close();
  }
}

async function send(
  url: URL,
  { basic, api }: SiteAddress,
  id: string,
): Promise<{ status: number; duration: number }> {
  const since = performance.now();
  // User and password belong to the site that they were given for.
  const isOfSite = new URL(api).origin === url.origin;
  try {
    const response = await fetch(url, {
      headers: {
        [PROFILE]: id,
        'cache-control': 'no-cache',
        ...(basic !== undefined && isOfSite ? { authorization: basic } : {}),
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
    });
    if (response.body) for await (const _bytes of response.body);
    return { status: response.status, duration: performance.now() - since };
  } catch (error) {
    throw unreachable(url, error, LONGEST_ANSWER_MS);
  }
}

function numberIn(data: unknown, name: string): number {
  const value = (data as Record<string, unknown>)[name];
  return isNumber(value) ? value : 0;
}

function isEnded(data: unknown): data is Ended {
  const { time, request, duration } = data as Partial<Ended>;
  return isNumber(time) && isNumber(duration) && typeof request === 'string';
}
