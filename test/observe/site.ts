import type { CollectionConfig, Config, Plugin } from 'payload';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { signedHeaders } from '../../src/runtime/observe/signature.js';
import type { ObserveOptions } from '../../src/runtime/observe.js';
import { observe } from '../../src/runtime/observe.js';
import type { PayloadKVOptions } from '../../src/runtime/policy/options.js';
import { collectLog, type Logged } from '../runtime/logged.js';
import { ownCopy, type Started, startBlog } from '../support/payload.js';

/** The secret of the test site. */
export const SECRET = 'only-for-tests';
const PASSWORD = 'a-long-password';

/** A site whose cache is watched, with an editor, who may enter the admin panel, and a customer, who may not. */
export interface ObservedSite extends Started {
  log: Logged;
  /** Asks an endpoint below `/api/payload-cache`. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The same, signed; a body is sent as JSON. */
  askSigned(path: string, body?: unknown): Promise<Response>;
  /** Headers of one who has signed in, as a script sends them. */
  editor: Record<string, string>;
  customer: Record<string, string>;
  /** Headers of the editor's API key. */
  apiKey: Record<string, string>;
  /** The editor's cookie. */
  cookie: string;
}

export interface ObservedSiteOptions {
  observe?: ObserveOptions;
  /** Default a memory store. */
  cache?: Partial<PayloadKVOptions>;
  configure?: (config: Config) => Config;
  plugins?: Plugin[];
  seed?: number;
  url?: string;
}

const Customers: CollectionConfig = {
  slug: 'customers',
  auth: true,
  access: { admin: () => true },
  fields: [],
};

export async function startObservedSite(options: ObservedSiteOptions = {}): Promise<ObservedSite> {
  const log = collectLog();
  const started = await startBlog({
    seed: options.seed ?? 10,
    ...(options.url ? { url: options.url } : {}),
    configure(config) {
      const users = config.collections?.find(({ slug }) => slug === 'users');
      if (users) users.auth = { useAPIKey: true };
      const changed = log.configure({
        ...config,
        collections: [...(config.collections ?? []), ownCopy(Customers)],
      });
      return options.configure?.(changed) ?? changed;
    },
    plugins: [
      payloadKV({ store: memory(), ...options.cache, observe: observe(options.observe) }),
      ...(options.plugins ?? []),
    ],
  });
  const { payload, handle } = started;
  const apiKey = '0f3c6a52-8f5d-4a2e-9d8e-1f6f1a9d7c11';
  const accounts = [
    { collection: 'users', data: { email: 'editor@example.com', enableAPIKey: true, apiKey } },
    { collection: 'customers', data: { email: 'customer@example.com' } },
  ];
  const tokens: string[] = [];
  for (const { collection, data } of accounts) {
    const login = { email: data.email, password: PASSWORD };
    const { totalDocs } = await payload.count({
      collection: collection as 'users',
      where: { email: { equals: data.email } },
    });
    if (totalDocs === 0)
      await payload.create({
        collection: collection as 'users',
        data: { ...data, password: PASSWORD } as never,
      });
    const { token } = await payload.login({ collection: collection as 'users', data: login });
    tokens.push(token as string);
  }
  await settleCache(payload);
  const ask = (path: string, init?: RequestInit): Promise<Response> =>
    handle(new Request(`http://localhost:3000/api/payload-cache${path}`, init));
  return {
    ...started,
    log,
    ask,
    async askSigned(path, body) {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const method = text === undefined ? 'GET' : 'POST';
      const signed = await signedHeaders({
        secret: SECRET,
        method,
        path: `http://localhost:3000/api/payload-cache${path}`,
        ...(text === undefined ? {} : { body: text }),
      });
      return ask(path, {
        method,
        headers: { ...signed, 'content-type': 'application/json' },
        ...(text === undefined ? {} : { body: text }),
      });
    },
    editor: { authorization: `JWT ${tokens[0]}` },
    customer: { authorization: `JWT ${tokens[1]}` },
    apiKey: { authorization: `users API-Key ${apiKey}` },
    cookie: `payload-token=${tokens[0]}`,
  };
}
