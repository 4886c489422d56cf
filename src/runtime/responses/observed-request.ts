/**
 * Watches what a handler reads of its request, so that its response is found by that and by nothing else: headers that it
 * has read are part of the key, and those it has not cannot change what others are served.
 */

/** What a handler has read of a request. */
export interface Observed {
  /** Names of headers, in lower case. */
  readonly headers: ReadonlySet<string>;
  /** The language that Payload has made of `Accept-Language`, where it has. */
  readonly language: string | undefined;
  /** Whether it has read what no key can hold. */
  readonly isOpaque: boolean;
  /** Has the handler hear when the visitor goes, of whose response nobody else gets anything. */
  follow(): void;
}

/** What is shown of a request while a handler runs. */
export interface Shown {
  /** Whether cookies are shown; else it is as if there were none. */
  cookies: boolean;
  /** Whether the handler is one of Payload's, which reads `Accept-Language` to choose a language, before any code of the site. */
  isOfPayload: boolean;
  /** Headers that are part of the key. */
  names: readonly string[];
}

/** Headers that ask for less than the response, or for another: the handler makes the whole one. */
export const CONDITIONS: readonly string[] = [
  'if-none-match',
  'if-modified-since',
  'cache-control',
  'pragma',
];

/** What platforms tell of a visitor on the request itself. */
const OF_VISITOR = ['cf', 'ip', 'geo'];

/** The methods of headers that read one of them, and those that read none. Whatever others there are show all. */
const OF_ONE: ReadonlySet<PropertyKey> = new Set(['get', 'has', 'getAll']);
const OF_NONE: ReadonlySet<PropertyKey> = new Set(['set', 'append', 'delete']);

type Properties = Record<PropertyKey, unknown>;

/** Requests that are being watched, with their copies. */
const underWatch = new WeakSet<Request>();

/**
 * Runs a handler with a request that tells what is read of it. It is the request itself, so that whoever knows it by
 * itself goes on to work; but where the platform copies requests unseen (workerd) it is a copy, whose own copies have the
 * headers of the key and no others.
 *
 * One function: whatever is watched tells of the same reads.
 */
export async function observe<Result>(
  request: Request,
  { cookies, isOfPayload, names }: Shown,
  run: (request: Request) => Promise<Result>,
): Promise<{ result: Result; observed: Observed }> {
  // By another cache around this one, or another call: the first to end would end the other's as well.
  if (underWatch.has(request)) {
    const observed = { headers: new Set<string>(), language: undefined, isOpaque: true, follow() {} };
    return { result: await run(request), observed };
  }
  const headers = new Set<string>();
  let language: string | undefined;
  let isOpaque = false;
  let hasLanguage = !isOfPayload;
  let languageHeader = false;

  const note = (name: string): void => {
    if (name === 'accept-language' && !hasLanguage) languageHeader = true;
    else headers.add(name);
  };

  function watchHeaders(original: Headers): Headers {
    const all = new Headers(original);
    for (const name of CONDITIONS) all.delete(name);
    if (!cookies) all.delete('cookie');
    // Of real ones platforms make copies without asking them.
    const shown: Headers = Object.create(Headers.prototype);
    for (const name of Reflect.ownKeys(Headers.prototype)) {
      const method = (all as unknown as Properties)[name];
      if (typeof method !== 'function' || name === 'constructor') continue;
      const value = (...args: unknown[]): unknown => {
        if (OF_ONE.has(name)) note(String(args[0]).toLowerCase());
        else if (!OF_NONE.has(name)) isOpaque = true;
        return method.apply(all, args);
      };
      Object.defineProperty(shown, name, { value });
    }
    return shown;
  }

  const visitor = request.signal;
  // Who shares the response must not lose it because one visitor has gone.
  const gone = new AbortController();

  function watch(target: Request, original = target.headers): () => void {
    const { clone } = target;
    underWatch.add(target);
    const shown = watchHeaders(original);
    const names = new Set<PropertyKey>();
    const define = (name: string, property: PropertyDescriptor): void => {
      Object.defineProperty(target, name, { ...property, configurable: true });
      names.add(name);
    };
    define('headers', { value: shown });
    define('signal', { value: gone.signal });
    const { reading, end: unwatch } = watchCopies(target, () => {
      isOpaque = true;
    });
    let isCloning = false;
    define('clone', {
      value(this: Request) {
        // Next's stands in front of the request, and asks it for its own.
        if (isCloning) return (Object.getPrototypeOf(this) as Request).clone.call(this);
        isCloning = true;
        try {
          const copy = reading(() => clone.call(target));
          watch(copy, original);
          return copy;
        } finally {
          isCloning = false;
        }
      },
    });
    for (const name of OF_VISITOR) {
      if (!(name in target)) continue;
      const value = (target as unknown as Properties)[name];
      define(name, {
        get() {
          isOpaque = true;
          return value;
        },
      });
    }
    const jar = (target as { cookies?: unknown }).cookies;
    if (jar !== undefined && !cookies) define('cookies', { value: noCookies(jar) });
    if (!hasLanguage) {
      define('i18n', {
        get: () => undefined,
        set(value: { language?: unknown } | undefined) {
          delete (target as unknown as Properties).i18n;
          names.delete('i18n');
          (target as unknown as Properties).i18n = value;
          language = typeof value?.language === 'string' ? value.language : undefined;
          hasLanguage = true;
        },
      });
    }
    return () => {
      underWatch.delete(target);
      unwatch();
      for (const name of names) delete (target as unknown as Properties)[name as string];
    };
  }

  const given = copiesAreSeen() ? request : withHeaders(request, names);
  const end = watch(given ?? request, request.headers);
  if (!given) isOpaque = true;
  try {
    const result = await run(given ?? request);
    // Nobody has said which language was made of it.
    if (languageHeader && language === undefined) headers.add('accept-language');
    const follow = (): void => {
      if (visitor?.aborted) gone.abort(visitor.reason);
      else visitor?.addEventListener('abort', () => gone.abort(visitor.reason), { once: true });
    };
    return { result, observed: { headers, language, isOpaque, follow } };
  } finally {
    end();
  }
}

/**
 * Tells when a request is copied by `new Request(request)` or sent by `fetch(request)`, which read all of it without asking
 * for its headers: they look whether it is a request.
 */
function watchCopies(
  target: Request,
  copied: () => void,
): { reading<Result>(read: () => Result): Result; end(): void } {
  const original = Object.getPrototypeOf(target) as Properties;
  let isReading = false;
  let isListing = false;
  /** Its own methods look as well. */
  const reading = <Result>(read: () => Result): Result => {
    const before = isReading;
    isReading = true;
    try {
      return read();
    } finally {
      isReading = before;
    }
  };
  const watched = new Proxy(original, {
    get(prototype, name, receiver) {
      const value = reading(() => Reflect.get(prototype, name, receiver) as unknown);
      if (typeof value !== 'function' || name === 'constructor') return value;
      if (value !== (Request.prototype as unknown as Properties)[name]) return value;
      return function (this: unknown, ...args: unknown[]): unknown {
        return reading(() => value.apply(this, args) as unknown);
      };
    },
    // A loop over its properties goes on to those of what it inherits from.
    ownKeys(prototype) {
      isListing = true;
      return Reflect.ownKeys(prototype);
    },
    getPrototypeOf(prototype) {
      if (!isReading && !isListing) copied();
      isListing = false;
      return prototype;
    },
  });
  Object.setPrototypeOf(target, watched);
  return { reading, end: () => void Object.setPrototypeOf(target, original) };
}

let areSeen: boolean | undefined;

/** Whether this platform's copies of requests can be seen. */
function copiesAreSeen(): boolean {
  if (areSeen === undefined) {
    areSeen = false;
    const probe = new Request('http://probe.invalid/');
    const { end } = watchCopies(probe, () => {
      areSeen = true;
    });
    void new Request(probe);
    end();
  }
  return areSeen;
}

/** A request of the same kind with some of its headers; `undefined` where its kind cannot be made so. */
function withHeaders(request: Request, names: readonly string[]): Request | undefined {
  const headers = new Headers();
  for (const name of [...names, 'content-type']) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  try {
    const Kind = request.constructor as typeof Request;
    const copy = request.clone();
    // Next's, in a Worker of OpenNext, takes a copy for no request, and of what is none only the address.
    const { method, body } = copy;
    return new Kind(copy, { method, headers, body, duplex: 'half' });
  } catch {
    return undefined;
  }
}

/** A jar of the same kind, without a cookie. */
function noCookies(jar: unknown): unknown {
  try {
    return new (jar as { constructor: new (headers: Headers) => unknown }).constructor(new Headers());
  } catch {
    return undefined;
  }
}
