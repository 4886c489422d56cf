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
}

/** What is shown of a request while a handler runs. */
export interface Shown {
  /** Whether cookies are shown; else it is as if there were none. */
  cookies: boolean;
  /** Whether the handler is one of Payload's, which reads `Accept-Language` to choose a language, before any code of the site. */
  isOfPayload: boolean;
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

/** The methods of headers that show all of them. */
const WHOLE = ['forEach', 'entries', 'keys', 'values', Symbol.iterator] as const;

type Properties = Record<PropertyKey, unknown>;

/**
 * Runs a handler with a request that tells what is read of it. It is the request itself, so that whoever copies it or
 * knows it by itself goes on to work.
 */
export async function observe<Result>(
  request: Request,
  { cookies, isOfPayload }: Shown,
  run: () => Promise<Result>,
): Promise<{ result: Result; observed: Observed }> {
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
    const shown = new Headers(original);
    for (const name of CONDITIONS) shown.delete(name);
    if (!cookies) shown.delete('cookie');
    const get = shown.get.bind(shown);
    const has = shown.has.bind(shown);
    const own: Properties = {
      get: (name: string) => {
        note(String(name).toLowerCase());
        return get(name);
      },
      has: (name: string) => {
        note(String(name).toLowerCase());
        return has(name);
      },
    };
    for (const name of WHOLE) {
      const method = (shown as unknown as Properties)[name] as (...args: unknown[]) => unknown;
      own[name] = (...args: unknown[]) => {
        isOpaque = true;
        return method.apply(shown, args);
      };
    }
    for (const name of Reflect.ownKeys(own)) Object.defineProperty(shown, name, { value: own[name] });
    return shown;
  }

  function watch(target: Request): () => void {
    const { clone } = target;
    const shown = watchHeaders(target.headers);
    const names = new Set<PropertyKey>();
    const define = (name: string, property: PropertyDescriptor): void => {
      Object.defineProperty(target, name, { ...property, configurable: true });
      names.add(name);
    };
    define('headers', { value: shown });
    // Who shares the response must not lose it because one visitor has gone.
    define('signal', { value: new AbortController().signal });
    define('clone', {
      value: () => {
        const copy = clone.call(target);
        watch(copy);
        return copy;
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
      for (const name of names) delete (target as unknown as Properties)[name as string];
    };
  }

  const end = watch(request);
  try {
    const result = await run();
    // Nobody has said which language was made of it.
    if (languageHeader && language === undefined) headers.add('accept-language');
    return { result, observed: { headers, language, isOpaque } };
  } finally {
    end();
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
