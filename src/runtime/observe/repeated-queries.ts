/** Finds what one request asks again and again, once for each document of a list. */
import { isObject } from '../../platform/is-object.js';
import type { RepeatedQuery } from './snapshot.js';

/** A shape that one request asks so often is repeated. */
export const REPEATED = 5;
/** Shapes that are followed in one request, and kept in all. */
const MOST_IN_REQUEST = 50;
const MOST_KEPT = 100;
/** Frames of the stack that are looked at. */
const FRAMES = 60;

/** What is asked, and a text that stands for it. */
interface Asked {
  key: string;
  item: Pick<RepeatedQuery, 'name' | 'operation' | 'shape'>;
}

/** Finds repeated queries. */
export interface RepeatedQueries {
  /**
   * Notes a read.
   *
   * @param request what the read was made for, if it has one
   * @param databaseTime milliseconds of the database, where it was asked
   */
  note(read: Asked, request: unknown, databaseTime: number): void;
  /** Those found, the most queries first. */
  read(): RepeatedQuery[];
}

/** Creates what finds repeated queries. */
export function createRepeatedQueries(): RepeatedQueries {
  const requests = new WeakMap<object, Map<string, { count: number; time: number }>>();
  const found = new Map<string, RepeatedQuery>();

  return {
    note({ key, item }, request, databaseTime) {
      const identity = identityOf(request);
      if (!identity) return;
      let asked = requests.get(identity);
      if (!asked) {
        asked = new Map();
        requests.set(identity, asked);
      }
      let own = asked.get(key);
      if (!own) {
        if (asked.size >= MOST_IN_REQUEST) return;
        own = { count: 0, time: 0 };
        asked.set(key, own);
      }
      own.count += 1;
      own.time += databaseTime;
      if (own.count < REPEATED) return;
      let repeated = found.get(key);
      if (!repeated) {
        if (found.size >= MOST_KEPT) return;
        const { name, operation, shape } = item;
        repeated = { name, operation, shape, requests: 0, most: 0, queries: 0, databaseTime: 0 };
        const place = placeOfCaller();
        if (place) repeated.place = place;
        found.set(key, repeated);
      }
      const isFirst = own.count === REPEATED;
      if (isFirst) repeated.requests += 1;
      repeated.queries += isFirst ? REPEATED : 1;
      repeated.databaseTime += isFirst ? own.time : databaseTime;
      repeated.most = Math.max(repeated.most, own.count);
    },
    read: () =>
      [...found.values()].map((each) => ({ ...each })).sort((one, other) => other.queries - one.queries),
  };
}

/** Requests are copied, and wrapped in proxies, for parts of their work; their headers stay the same object. */
function identityOf(request: unknown): object | undefined {
  if (!isObject(request)) return undefined;
  const { headers } = request as { headers?: unknown };
  return isObject(headers) ? headers : request;
}

/** The first line of the stack that is the site's own, from the folder that the process runs in. */
function placeOfCaller(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = limit;
  const here = `${process.cwd?.() ?? ''}/`;
  for (const line of stack.split('\n').slice(1)) {
    const place = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]+?:\d+):\d+\)?$/
      .exec(line)?.[1]
      ?.replace('file://', '');
    if (!place?.startsWith(here) || place.includes('/node_modules/')) continue;
    const own = place.slice(here.length);
    // This package, where it is developed.
    if (!/^(src|dist)\/runtime\/(adapter|events|functions|observe|operation|read|write)\//.test(own))
      return own;
  }
  return undefined;
}
