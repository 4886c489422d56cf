/** What middleware and guards have added to a request: nothing tells what of whoever asks it stands for. */

import { isObject } from '../../platform/is-object.js';

/** Own properties of requests that come of Node, Express and Nest, or say nothing of who asks. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['_events', '_eventsCount', '_maxListeners', '_readableState', '_consuming', '_dumped', '_body'],
  ...[
    'socket',
    'client',
    'httpVersion',
    'httpVersionMajor',
    'httpVersionMinor',
    'complete',
    'aborted',
    'upgrade',
  ],
  ...[
    'rawHeaders',
    'rawTrailers',
    'headers',
    'joinDuplicateHeaders',
    'statusCode',
    'statusMessage',
    'method',
  ],
  ...[
    'url',
    'originalUrl',
    'baseUrl',
    '_parsedUrl',
    '_parsedOriginalUrl',
    'params',
    'query',
    'body',
    'rawBody',
  ],
  ...['next', 'res', 'route', 'app', 'hosts', 'user', 'log', 'secret'],
  // Of the morgan of Express.
  ...['_startAt', '_startTime', '_remoteAddress'],
]);

/** The names of what has been added to a request, also to Node's in it, and to `locals` of its response. */
export function foreignNames(request: object, response: object): readonly (readonly string[])[] {
  const { locals } = response as { locals?: object };
  const { raw } = request as { raw?: object };
  return [
    foreignOf(request).sort(),
    isObject(raw) ? foreignOf(raw).sort() : [],
    locals ? Object.keys(locals).sort() : [],
  ];
}

/** The names of what has been added to a request. */
export const foreignOf = (request: object): string[] =>
  Object.getOwnPropertyNames(request).filter((name) => !KNOWN.has(name));
