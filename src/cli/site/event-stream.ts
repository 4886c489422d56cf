/** The stream of a site's events: server-sent events, read as they come. */
import { PayloadKVError } from '../../errors.js';
import { type CacheEvent, EVENT_TYPES } from '../../interfaces/events.js';
import { isObject } from '../../platform/is-object.js';
import { BASE } from '../../runtime/observe/signature.js';
import type { Credentials, SiteAddress } from './site-address.js';
import { unreachable, whyUnreachable } from './site-answer.js';
import { headersOf, refusal } from './site-client.js';

/** Longest wait for the stream to begin, in milliseconds. */
const LONGEST_WAIT = 15_000;
/** Characters of one message. A site may send anything. */
const LONGEST_MESSAGE = 1024 * 1024;

/** One message: of what kind, and what it says. A comment has no kind. */
export interface Message {
  kind: string | undefined;
  data: unknown;
  comment?: string;
}

/** An event as the stream tells it. */
export interface ToldEvent extends CacheEvent {
  /** Of a read: what is asked, without values. */
  shape?: string;
  /** Which of the profiled requests it belongs to. */
  request?: string;
}

/** Whether what a site has sent is a number. */
export const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);
const isAbsentOr = (value: unknown, type: 'string' | 'number'): boolean =>
  value === undefined || (type === 'number' ? isNumber(value) : typeof value === 'string');

/** Whether a message is an event as it should be: a site may send anything. */
export function isTold(kind: string | undefined, data: unknown): data is ToldEvent {
  const event = data as Record<string, unknown>;
  return (
    (EVENT_TYPES as readonly (string | undefined)[]).includes(kind) &&
    event.type === kind &&
    isNumber(event.time) &&
    ['duration', 'bytes', 'count'].every((name) => isAbsentOr(event[name], 'number')) &&
    [
      'subject',
      'name',
      'operation',
      'part',
      'outcome',
      'reason',
      'key',
      'shape',
      'request',
      'target',
      'by',
    ].every((name) => isAbsentOr(event[name], 'string'))
  );
}

/** Makes messages of text as it comes, in pieces of any length. */
export function messageReader(onMessage: (message: Message) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    rest += text;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop()!.slice(0, LONGEST_MESSAGE);
    for (const block of blocks) {
      const message = messageIn(block);
      if (message) onMessage(message);
    }
  };
}

function messageIn(block: string): Message | undefined {
  let kind: string | undefined;
  let comment: string | undefined;
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === '') comment = value;
    else if (field === 'event') kind = value;
    else if (field === 'data') data.push(value);
  }
  if (data.length === 0)
    return comment === undefined ? undefined : { kind: undefined, data: undefined, comment };
  try {
    return { kind, data: JSON.parse(data.join('\n')) };
  } catch {
    return undefined;
  }
}

/** A stream that is open. */
export interface EventStream {
  /** Whether the site tells its requests apart: a Worker does not. */
  tellsRequests: boolean;
  close(): void;
}

/**
 * Opens the stream of what is done for requests of one profile, and waits until it tells.
 * @throws PayloadKVError whose codes begin with `SITE_`
 */
export async function openEventStream(
  address: SiteAddress,
  credentials: Credentials,
  id: string,
  onMessage: (message: Message) => void,
): Promise<EventStream> {
  const url = new URL(`${address.api}${BASE}/events?profile=${id}`);
  const closed = new AbortController();
  const patience = setTimeout(() => closed.abort(new DOMException('', 'TimeoutError')), LONGEST_WAIT);
  let response: Response;
  try {
    response = await fetch(url, {
      headers: {
        accept: 'text/event-stream',
        ...(await headersOf(address, credentials, { method: 'GET', url, body: undefined })),
      },
      redirect: 'manual',
      signal: closed.signal,
    });
  } catch (error) {
    clearTimeout(patience);
    throw unreachable(new URL(address.api), error, LONGEST_WAIT);
  }
  const isStream = /^text\/event-stream\b/.test(response.headers.get('content-type') ?? '');
  if (!response.ok || !isStream || !response.body) {
    const text = (await response.text().catch(() => '')).slice(0, LONGEST_MESSAGE);
    clearTimeout(patience);
    throw refusal(response, text, address, credentials);
  }
  const { body } = response;
  return new Promise<EventStream>((resolve, reject) => {
    const stream: EventStream = { tellsRequests: true, close: () => closed.abort() };
    const read = messageReader((message) => {
      if (message.comment === 'no requests') stream.tellsRequests = false;
      // What else the site has to say of the stream comes with the first word.
      if (message.comment === 'open') setImmediate(() => resolve(stream));
      if (message.kind !== undefined && isObject(message.data)) onMessage(message);
    });
    const over = (): void => {
      clearTimeout(patience);
      const { message } = whyUnreachable(new URL(address.api), closed.signal.reason ?? {}, LONGEST_WAIT);
      reject(
        new PayloadKVError({
          code: 'SITE_UNREACHABLE',
          message,
          nextStep: 'A proxy before the site may hold back streams: ask the site itself.',
        }),
      );
    };
    void (async () => {
      const decoder = new TextDecoder();
      for await (const bytes of body) {
        clearTimeout(patience);
        read(decoder.decode(bytes as Uint8Array, { stream: true }));
      }
    })().then(over, over);
  });
}
