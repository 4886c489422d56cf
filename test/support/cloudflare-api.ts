import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with a request: no answer, a broken connection, half an answer, or this one. */
export type ApiFault =
  | 'hang'
  | 'reset'
  | 'cut'
  | { status: number; headers?: Record<string, string>; body?: string };

/** A request as it came. */
export interface ApiRequest {
  method: string;
  /** What follows the namespace's address, e.g. `/bulk/get`; elsewhere the account's, e.g. `/workers/scripts/shop`. */
  path: string;
  query: URLSearchParams;
  authorization: string;
  body: string;
}

/** A value of a namespace. */
export interface ApiValue {
  value: string;
  expiresAt: number | undefined;
}

/** A binding of a deployed version, as the API tells it. */
export type ApiBinding = { type: string; name: string } & Record<string, string>;

/** Cloudflare's API for the KV namespaces and the Workers of one account, on the loopback address. */
export interface CloudflareAPIServer {
  /** For the option `baseUrl`. */
  baseUrl: string;
  accountId: string;
  namespaceId: string;
  apiToken: string;
  /** What the namespace holds. */
  values: Map<string, ApiValue>;
  /** All namespaces of the account by their id; the first is the one above. */
  namespaces: Map<string, { title: string; values: Map<string, ApiValue> }>;
  /** Workers that are deployed, by name: the bindings of each version. */
  workers: Map<string, ApiBinding[][]>;
  /** Requests that came since the last `forget`, those that failed as well. */
  requests: ApiRequest[];
  forget(): void;
  /** Decides what goes wrong with a request. */
  faultOf: (request: ApiRequest) => ApiFault | undefined;
  /** Keys that a bulk write or deletion fails to do, how often each. */
  unsuccessful: Map<string, number>;
  /** Requests that are left in the window: below zero they are refused. Default unlimited. */
  left: number;
  /** Milliseconds by which the server's clock is ahead: what expires, expires. */
  ahead: number;
  stop(): Promise<void>;
}

const NOON = '2026-01-01T12:00:00Z';
const LARGEST_VALUE = 25 * 1024 * 1024;
const LARGEST_BULK_READ = 25 * 1000 * 1000;
const LARGEST_BULK_WRITE = 100 * 1000 * 1000;
const MOST_PAIRS = 10_000;

/** A request that the API refuses: status, code and message as it answers them. */
class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Starts an account with an empty namespace on a free port. */
export async function startCloudflareAPI(): Promise<CloudflareAPIServer> {
  const hanging = new Set<ServerResponse>();
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy(error as Error);
    });
  });

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url ?? '/', 'http://api.test');
    const [, account, rest = url.pathname] = /^\/client\/v4\/accounts\/([^/]+)(.*)$/.exec(url.pathname) ?? [];
    const [, namespace, path = rest] = /^\/storage\/kv\/namespaces\/([^/]+)(.*)$/.exec(rest) ?? [];
    const request: ApiRequest = {
      method: incoming.method ?? '',
      path,
      query: url.searchParams,
      authorization: incoming.headers.authorization ?? '',
      body: Buffer.concat(chunks).toString(),
    };
    api.requests.push(request);
    const fault = api.faultOf(request);
    if (fault === 'hang') {
      hanging.add(outgoing);
      return;
    }
    if (fault === 'reset') {
      incoming.socket.resetAndDestroy();
      return;
    }
    if (typeof fault === 'object') {
      outgoing.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      outgoing.end(fault.body ?? envelope({ errors: [{ code: 10_001, message: 'internal error' }] }));
      return;
    }
    let status = 200;
    let text: string;
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    try {
      if (Number.isFinite(api.left)) {
        api.left -= 1;
        headers.ratelimit = `"default";r=${Math.max(0, api.left)};t=120`;
        headers['ratelimit-policy'] = '"default";q=1200;w=300';
        if (api.left < 0) {
          headers['retry-after'] = '120';
          throw new Refusal(429, 971, 'Please wait and consider throttling your request speed');
        }
      }
      if (request.authorization !== `Bearer ${api.apiToken}`) {
        throw new Refusal(401, 10_000, 'Authentication error');
      }
      if (account !== api.accountId) throw new Refusal(404, 7003, `Could not route to ${url.pathname}`);
      if (namespace === undefined) {
        text = envelope({ success: true, ...answerOfAccount(request) });
      } else if (!api.namespaces.has(namespace)) {
        throw new Refusal(404, 10_013, 'namespace not found');
      } else if (path.startsWith('/values/')) {
        const value = answerOfValue(request, namespace);
        text = value ?? envelope({ success: true });
        if (value !== undefined) headers['content-type'] = 'application/octet-stream';
      } else if (namespace === api.namespaceId) {
        text = envelope({ success: true, ...answer(request, Buffer.concat(chunks).length) });
      } else throw new Refusal(404, 7000, 'No route for that URI');
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      status = error.status;
      text = envelope({ errors: [{ code: error.code, message: error.message }] });
    }
    const bytes = Buffer.from(text);
    outgoing.writeHead(status, { ...headers, 'content-length': `${bytes.length}` });
    if (fault === 'cut') {
      outgoing.write(bytes.subarray(0, bytes.length / 2), () => incoming.socket.destroy());
      return;
    }
    outgoing.end(bytes);
  }

  function answer(request: ApiRequest, bytes: number): { result: unknown; result_info?: unknown } {
    const { method, path } = request;
    if (method === 'GET' && path === '') {
      return { result: { id: api.namespaceId, title: 'cache', supports_url_encoding: true } };
    }
    if (method === 'GET' && path === '/keys') return list(request.query);
    if (method === 'POST' && path === '/bulk/get') return { result: { values: read(json(request)) } };
    if (method === 'PUT' && path === '/bulk') {
      if (bytes > LARGEST_BULK_WRITE) throw new Refusal(413, 10_012, 'request body too large');
      const pairs = array(json(request)) as Pair[];
      for (const pair of pairs) checkPair(pair);
      return {
        result: done(
          pairs.map(({ key }) => key),
          (key, index) => write(key, pairs[index] as Pair),
        ),
      };
    }
    if (method === 'POST' && path === '/bulk/delete') {
      const keys = array(json(request)) as string[];
      for (const key of keys) checkKey(key);
      return { result: done(keys, (key) => api.values.delete(key)) };
    }
    throw new Refusal(404, 7000, 'No route for that URI');
  }

  function answerOfAccount({ method, path, query }: ApiRequest): { result: unknown; result_info?: unknown } {
    const [, worker = '', what = ''] = /^\/workers\/scripts\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (method === 'GET' && path === '/storage/kv/namespaces') {
      const page = Number(query.get('page') ?? 1);
      const size = Number(query.get('per_page') ?? 20);
      const all = [...api.namespaces].map(([id, { title }]) => ({ id, title, supports_url_encoding: true }));
      return {
        result: all.slice((page - 1) * size, page * size),
        result_info: { page, per_page: size, total_count: all.length },
      };
    }
    const versions = api.workers.get(worker);
    if (worker !== '' && !versions)
      throw new Refusal(404, 10_007, 'This Worker does not exist on your account.');
    if (method === 'GET' && versions && what === 'deployments') {
      const percentage = 100 / versions.length;
      const deployed = versions.map((_, index) => ({ version_id: `version-${index}`, percentage }));
      const deployments = versions.length > 0 ? [{ id: 'newest', created_on: NOON, versions: deployed }] : [];
      return { result: { deployments } };
    }
    const bindings = versions?.[Number(/^versions\/version-(\d+)$/.exec(what)?.[1])];
    if (method === 'GET' && bindings) {
      return {
        result: {
          id: what.slice('versions/'.length),
          metadata: { created_on: NOON },
          resources: { bindings, script: {}, script_runtime: {} },
        },
      };
    }
    throw new Refusal(404, 7000, 'No route for that URI');
  }

  /** The text of a value that is read. */
  function answerOfValue({ method, path, query, body }: ApiRequest, namespace: string): string | undefined {
    const { values } = api.namespaces.get(namespace)!;
    const key = decodeURIComponent(path.slice('/values/'.length));
    checkKey(key);
    if (method === 'GET') {
      const found = values.get(key);
      if (!found || (found.expiresAt ?? Number.POSITIVE_INFINITY) <= now()) {
        throw new Refusal(404, 10_009, "get: 'key not found'");
      }
      return found.value;
    }
    if (method === 'DELETE') values.delete(key);
    else if (method === 'PUT') {
      const ttl = query.has('expiration_ttl') ? Number(query.get('expiration_ttl')) : undefined;
      checkPair({ key, value: body, ...(ttl === undefined ? {} : { expiration_ttl: ttl }) });
      values.set(key, { value: body, expiresAt: ttl === undefined ? undefined : now() + ttl * 1_000 });
    } else throw new Refusal(405, 7001, 'Method not allowed');
    return undefined;
  }

  interface Pair {
    key: string;
    value: string;
    expiration_ttl?: number;
    base64?: boolean;
  }

  function json(request: ApiRequest): unknown {
    try {
      return JSON.parse(request.body);
    } catch {
      throw new Refusal(400, 10_012, 'could not parse the JSON body');
    }
  }

  function array(value: unknown): unknown[] {
    if (!Array.isArray(value) || value.length === 0) throw new Refusal(400, 10_012, 'an array is needed');
    if (value.length > MOST_PAIRS) throw new Refusal(400, 10_052, `no more than ${MOST_PAIRS} keys`);
    return value;
  }

  function checkKey(key: unknown): void {
    if (typeof key !== 'string' || key === '' || key === '.' || key === '..') {
      throw new Refusal(400, 10_014, `invalid key ${JSON.stringify(key)}`);
    }
    if (Buffer.byteLength(key) > 512) throw new Refusal(414, 10_030, 'key of more than 512 bytes');
  }

  function checkPair({ key, value, expiration_ttl: ttl }: Pair): void {
    checkKey(key);
    if (typeof value !== 'string') throw new Refusal(400, 10_012, 'a value is no text');
    if (Buffer.byteLength(value) > LARGEST_VALUE) throw new Refusal(413, 10_033, 'a value exceeds 25 MiB');
    if (ttl !== undefined && !(Number.isInteger(ttl) && ttl >= 60)) {
      throw new Refusal(400, 10_043, `invalid expiration_ttl of ${ttl}, must be at least 60`);
    }
  }

  function write(key: string, { value, expiration_ttl: ttl, base64 }: Pair): void {
    api.values.set(key, {
      value: base64 ? Buffer.from(value, 'base64').toString() : value,
      expiresAt: ttl === undefined ? undefined : now() + ttl * 1_000,
    });
  }

  function done(keys: string[], each: (key: string, index: number) => void): object {
    const failed: string[] = [];
    for (const [index, key] of keys.entries()) {
      const times = api.unsuccessful.get(key) ?? 0;
      if (times > 0) {
        api.unsuccessful.set(key, times - 1);
        failed.push(key);
      } else each(key, index);
    }
    return { successful_key_count: keys.length - failed.length, unsuccessful_keys: failed };
  }

  function read(body: unknown): Record<string, string | null> {
    const { keys, type = 'text' } = body as { keys?: unknown; type?: string };
    if (!Array.isArray(keys) || keys.length === 0)
      throw new Refusal(400, 10_012, 'at least one key is needed');
    if (keys.length > 100) throw new Refusal(400, 10_012, 'no more than 100 keys');
    if (type !== 'text') throw new Refusal(400, 10_012, 'this server knows only texts');
    for (const key of keys) checkKey(key);
    const found = (keys as string[]).map((key) => [key, current(key) ?? null] as const);
    const bytes = found.reduce((sum, [, value]) => sum + Buffer.byteLength(value ?? ''), 0);
    if (bytes > LARGEST_BULK_READ) throw new Refusal(413, 10_033, 'more than 25 MB in all');
    return Object.fromEntries(found);
  }

  function list(query: URLSearchParams): { result: unknown; result_info: unknown } {
    const limit = Number(query.get('limit') ?? 1_000);
    if (!(limit >= 10 && limit <= 1_000)) throw new Refusal(400, 10_012, 'limit from 10 to 1000');
    const names = [...api.values.keys()]
      .filter((key) => key.startsWith(query.get('prefix') ?? '') && current(key) !== undefined)
      .sort();
    const start = Number(query.get('cursor') ?? 0);
    const page = names.slice(start, start + limit);
    const next = start + limit < names.length ? `${start + limit}` : '';
    return { result: page.map((name) => ({ name })), result_info: { count: page.length, cursor: next } };
  }

  const now = (): number => Date.now() + api.ahead;

  function current(key: string): string | undefined {
    const found = api.values.get(key);
    if (found?.expiresAt !== undefined && found.expiresAt <= now()) return undefined;
    return found?.value;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const values: CloudflareAPIServer['values'] = new Map();
  const namespaceId = 'b'.repeat(32);
  const api: CloudflareAPIServer = {
    baseUrl: `http://127.0.0.1:${port}/client/v4`,
    accountId: 'a'.repeat(32),
    namespaceId,
    apiToken: 'secret-token_0123456789',
    values,
    namespaces: new Map([[namespaceId, { title: 'cache', values }]]),
    workers: new Map(),
    requests: [],
    forget() {
      api.requests = [];
    },
    faultOf: () => undefined,
    unsuccessful: new Map(),
    left: Number.POSITIVE_INFINITY,
    ahead: 0,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        for (const response of hanging) response.destroy();
        server.closeAllConnections();
      }),
  };
  return api;
}

/** What the API wraps every answer in. */
function envelope(parts: {
  success?: boolean;
  errors?: object[];
  result?: unknown;
  result_info?: unknown;
}): string {
  return JSON.stringify({ success: false, errors: [], messages: [], result: null, ...parts });
}
