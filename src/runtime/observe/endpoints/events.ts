/**
 * Events as they happen, as server-sent events:
 *
 * ```
 * event: hit
 * data: {"type":"hit","time":…,"instance":"1","subject":"collection","name":"posts","operation":"find","duration":0.02,"key":"…","shape":"slug equals, limit 1"}
 * ```
 *
 * `event` is the type and `data` the event as JSON (`CacheEvent`), with `shape` where it is of a read. `types=hit,miss`
 * asks for some of them. Beside them there are
 *
 * - `: …`, a comment, at the begin (`: open`) and every 15 seconds in which nothing else is sent
 * - `event: dropped` with `data: {"count":12}`: so many events were left out, for the reader is too slow
 *
 * With `profile=<id>` only the events are sent that are made for requests with the header `x-payload-kv-profile: <id>`,
 * each with `request`, which tells those requests apart (`"1"`, `"2"`, …). The id is 128 random bits, in hexadecimal or
 * base64url, made by the client. When such a request has ended,
 *
 * ```
 * event: request
 * data: {"time":…,"request":"1","method":"GET","path":"/posts/hello","status":200,"duration":41.7,"complete":true}
 * ```
 *
 * is sent; `types` leaves it alone. A client waits for `: open` before it sends the request. The requests must reach the
 * same process; they are told apart on Node alone, `: no requests` is sent where they are not.
 *
 * A stream ends after 15 minutes, so that whoever may not ask any more is not told for ever; the client asks again.
 */
import { type CacheEvent, EVENT_TYPES } from '../../../interfaces/events.js';
import { isWorkerd } from '../../../platform/background.js';
import { nearest } from '../../../platform/nearest.js';
import { sleep } from '../../../platform/sleep.js';
import { valueAt } from '../../../platform/value-at.js';
import type { Observation } from '../observation.js';
import { isProfileId, profile, profiledRequest } from '../profiled-requests.js';
import { shapeOf } from '../shape.js';
import { type Asked, type ObserveEndpoint, refusal } from './asked.js';

/** Streams that one process sends at the same time. */
const MOST_STREAMS = 20;
/** Events, and characters of them, that wait for a reader. */
const MOST_WAITING = 1_000;
const MOST_CHARACTERS = 512 * 1024;
/** How often it is looked whether there is something to send, in milliseconds. */
const INTERVAL = 100;
/** How long nothing is sent before a comment is, in milliseconds. */
const HEARTBEAT = 15_000;
/** How long a reader may take none of what waits, in milliseconds. */
const LONGEST_PAUSE = 60_000;
/** How long a stream may last, in milliseconds. */
const LONGEST_STREAM = 15 * 60_000;

/** A stream that is open. */
interface Stream {
  /** When its reader last waited for something, in milliseconds since 1970. */
  readAt: number;
  end(): void;
}

/** Those that are open, by what they tell of. */
const streams = new WeakMap<Observation, Set<Stream>>();

/** What happens, as it happens. */
export const events: ObserveEndpoint = {
  name: 'events',
  method: 'get',
  limit: 'read',
  answer(asked) {
    const types = typesIn(asked.query.get('types'));
    const id = profileIn(asked.query.get('profile'));
    const open = valueAt(streams, asked.observation, () => new Set<Stream>());
    for (const stream of open) endIfLeft(stream);
    if (open.size >= MOST_STREAMS) {
      throw refusal(
        'TOO_MANY_REQUESTS',
        'Too many watch already.',
        `There may be ${MOST_STREAMS} in one process.`,
      );
    }
    return new Response(streamOf(asked, open, types, id), {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        // Proxies would collect it.
        'x-accel-buffering': 'no',
      },
    });
  },
};

/**
 * One stream. What is told waits as text until it is read: workerd lets no request write to another's stream. One function:
 * all in it shares what waits.
 */
function streamOf(
  { observation, req }: Asked,
  open: Set<Stream>,
  types: ReadonlySet<string>,
  id: string | undefined,
): ReadableStream<Uint8Array> {
  let waiting: string[] = [];
  let characters = 0;
  let dropped = 0;
  let isOver = false;
  const began = Date.now();
  let sent = began;
  const stream: Stream = { readAt: began, end };

  function put(type: string, data: unknown): void {
    if (isOver || endIfLeft(stream)) return;
    const text = `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
    if (waiting.length < MOST_WAITING && characters + text.length <= MOST_CHARACTERS) {
      waiting.push(text);
      characters += text.length;
    } else dropped += 1;
  }

  const profiled = id === undefined ? undefined : profile(id, (ended) => put('request', ended));
  if (id !== undefined && !profiled) {
    throw refusal('BAD_REQUEST', 'This profile is being watched already.', 'Make a new id for each profile.');
  }
  const unlisten = observation.events.listen((event: CacheEvent, args) => {
    if (!types.has(event.type)) return;
    const request = profiled ? profiledRequest() : undefined;
    if (profiled && request?.profile !== profiled.profile) return;
    const shape = args && event.subject !== 'function' ? shapeOf(args) : undefined;
    put(event.type, { ...event, shape, request: request?.label });
  });
  open.add(stream);

  function end(): void {
    if (isOver) return;
    isOver = true;
    waiting = [];
    unlisten();
    profiled?.end();
    open.delete(stream);
  }

  /** What is to be sent now, if anything is. */
  function take(): string {
    const text = waiting.join('') + (dropped > 0 ? `event: dropped\ndata: {"count":${dropped}}\n\n` : '');
    waiting = [];
    characters = 0;
    dropped = 0;
    return text || (Date.now() - sent >= HEARTBEAT ? ': still there\n\n' : '');
  }

  const { signal } = req as unknown as { signal?: AbortSignal };
  const opened = `: open\n\n${id !== undefined && isWorkerd() ? ': no requests\n\n' : ''}`;
  let isOpened = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (!isOver) {
          stream.readAt = Date.now();
          const isEnded = signal?.aborted || observation.hasEnded() || Date.now() - began > LONGEST_STREAM;
          if (isEnded) break;
          const text = isOpened ? take() : opened;
          isOpened = true;
          if (text) {
            sent = Date.now();
            controller.enqueue(new TextEncoder().encode(text));
            return;
          }
          await sleep(INTERVAL, false);
        }
        end();
        try {
          controller.close();
        } catch {
          // The reader has left.
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

/** Ends a stream whose reader has left without a word. */
function endIfLeft({ readAt, end }: Stream): boolean {
  if (Date.now() - readAt <= LONGEST_PAUSE) return false;
  end();
  return true;
}

function typesIn(asked: string | null): ReadonlySet<string> {
  if (asked === null || asked === '') return new Set(EVENT_TYPES);
  const types = asked.split(',', EVENT_TYPES.length + 1);
  for (const type of types) {
    if ((EVENT_TYPES as readonly string[]).includes(type)) continue;
    const near = nearest(type.slice(0, 20), EVENT_TYPES);
    throw refusal(
      'BAD_REQUEST',
      `There are no events "${type.slice(0, 20)}".`,
      near ? `Is it "${near}"?` : `There are: ${EVENT_TYPES.join(', ')}.`,
    );
  }
  return new Set(types);
}

function profileIn(asked: string | null): string | undefined {
  if (asked === null) return undefined;
  if (isProfileId(asked)) return asked;
  throw refusal(
    'BAD_REQUEST',
    'That is no id of a profile.',
    'Make 128 random bits, in hexadecimal or base64url.',
  );
}
