/** What a person decides in `init`, and what the tool proposes. */
import { bySlug } from '../inspect/fields.js';
import type { Project } from '../inspect/project.js';
import { type CollectionSchema, INTERNAL_COLLECTIONS } from '../inspect/schema.js';
import { sliceCandidates } from '../inspect/slices.js';
import { reasonAgainst, reasonAgainstGlobal, reasonAgainstUsers } from './left-out.js';

/** The stores that `init` can write. */
export const STORES = ['cloudflare-kv', 'memory', 'redis'] as const;

/** A store that `init` can write. */
export type StoreName = (typeof STORES)[number];

/** The registries that `init` can write. */
export const REGISTRIES = ['kv', 'durable-object', 'database', 'memory', 'redis'] as const;

/** A registry that `init` can write. */
export type RegistryName = (typeof REGISTRIES)[number];

/**
 * The registries that make sense with a store, its own first. Versions in one process beside entries that others read
 * too would let the others go on with stale entries.
 */
export const REGISTRIES_OF: Readonly<Record<StoreName, readonly RegistryName[]>> = {
  'cloudflare-kv': ['kv', 'durable-object', 'database'],
  memory: ['memory', 'redis', 'database'],
  redis: ['redis', 'database'],
};

/** How the pages of a Next site learn of writes: Next is told, or a cache handler compares versions. */
export const PAGES = ['push', 'handler'] as const;

/** A way in which pages learn of writes. */
export type PagesMode = (typeof PAGES)[number];

/** A collection to be cached. */
export interface CollectionAnswer {
  slug: string;
  /** TTL as typed, e.g. `10m`; absent where the default holds. */
  ttl?: string;
  slices: string[];
  /** For those that have `auth`. */
  allowAuth?: 'without-secrets';
}

/** A global to be cached. */
export interface GlobalAnswer {
  slug: string;
  ttl?: string;
}

/** What a store is given beside its binding. */
export interface StoreOptions {
  /** Of Redis: the code that says where it is. */
  url?: string;
  /** Comes before every key. */
  prefix?: string;
}

/** Everything that `init` needs to know from a person. */
export interface Answers {
  collections: CollectionAnswer[];
  globals: GlobalAnswer[];
  /** Default TTL as typed, e.g. `5m`. */
  ttl: string;
  store: StoreName;
  /** The KV namespace's binding; for the Cloudflare store only. */
  binding?: string;
  /** What another plugin's cache gave its store; absent where none is replaced. */
  storeOptions?: StoreOptions;
  /** Where tag versions live; absent where the store's own registry is meant. */
  registry?: RegistryName;
  /** The Durable Objects' binding; for that registry only. */
  tagsBinding?: string;
  /** How the pages of a Next site learn of writes; absent where they are left alone. */
  pages?: PagesMode;
  /** Whether the admin panel shows the cache; absent where it does not. */
  adminView?: boolean;
}

/** A collection that is not proposed, and why. */
export interface NotOffered {
  slug: string;
  reason: string;
  /** Whether naming it in `--collections` caches it all the same. */
  onRequest: boolean;
}

/** A collection or global that is offered and not proposed, and why. */
export interface LeftOut<Answer> {
  answer: Answer;
  reason: string;
}

/** What `init` proposes. */
export interface Proposal extends Answers {
  notOffered: NotOffered[];
  /** Offered, and not chosen beforehand. */
  leftOut: { collections: LeftOut<CollectionAnswer>[]; globals: LeftOut<GlobalAnswer>[] };
  /** What is cached already; absent where everything offered is proposed. */
  chosen?: ReadonlySet<string>;
}

/** The binding's name, unless it's taken. */
export const DEFAULT_BINDING = 'PAYLOAD_CACHE';
/** The name of the Durable Objects' binding, unless it's taken. */
export const DEFAULT_TAGS_BINDING = 'CACHE_TAGS';
/** The class of the Durable Objects, as `payload-kv/cloudflare` exports it. */
export const TAGS_CLASS = 'CacheTagRegistry';

const internalCollections = new Set<string>(INTERNAL_COLLECTIONS);

/** Whether the collection is one of those that Payload adds to every site. */
export function isInternalCollection(slug: string): boolean {
  return internalCollections.has(slug);
}

/**
 * The proposal for a project: all that looks like content, five minutes, KV where there is a wrangler config. Nobody is
 * asked about a proposal with `--yes`, and a store may be shared: what may hold credentials, and what belongs to single
 * people, is left out.
 */
export function propose(project: Pick<Project, 'schema' | 'wrangler' | 'configShape'>): Proposal {
  const { collections, globals } = project.schema;
  const store: StoreName = project.wrangler ? 'cloudflare-kv' : 'memory';
  const isOffered = ({ slug, auth }: CollectionSchema) => !auth && !isInternalCollection(slug);
  const offered = parted(
    collections.filter(isOffered),
    reasonAgainst,
    (collection): CollectionAnswer => ({ slug: collection.slug, slices: sliceCandidates(collection) }),
  );
  const proposed = new Set(offered.proposed.map(({ slug }) => slug));
  const shown = collections.filter(({ slug }) => proposed.has(slug));
  const users = parted(
    collections.filter(({ auth, slug }) => auth && !isInternalCollection(slug)),
    (collection) => reasonAgainstUsers(collection, shown),
    usersAnswer,
  );
  const offeredGlobals = parted(globals, reasonAgainstGlobal, ({ slug }): GlobalAnswer => ({ slug }));
  return {
    collections: [...offered.proposed, ...users.proposed].sort(bySlug),
    globals: offeredGlobals.proposed,
    leftOut: { collections: offered.leftOut, globals: offeredGlobals.leftOut },
    ttl: '5m',
    store,
    binding: proposeBinding(project),
    notOffered: [
      ...users.leftOut.map(({ answer: { slug }, reason }) => ({ slug, reason, onRequest: true })),
      ...collections
        .filter(({ slug }) => isInternalCollection(slug))
        .map(({ slug }) => ({ slug, reason: 'internal to Payload, never cached', onRequest: false })),
    ].sort(bySlug),
  };
}

/** How a collection with auth is cached: without what signs people in, and without slices, which would keep addresses. */
export function usersAnswer({ slug }: CollectionSchema): CollectionAnswer {
  return { slug, slices: [], allowAuth: 'without-secrets' };
}

/** What is not proposed of a project, with the reasons: what is offered first. */
export function notProposed({ notOffered, leftOut }: Proposal): { slug: string; reason: string }[] {
  const offered = [...leftOut.collections, ...leftOut.globals];
  return [
    ...offered.map(({ answer: { slug }, reason }) => ({ slug, reason })),
    ...notOffered.map(({ slug, reason }) => ({ slug, reason })),
  ];
}

function parted<Entity, Answer>(
  entities: readonly Entity[],
  against: (entity: Entity) => string | undefined,
  answerOf: (entity: Entity) => Answer,
): { proposed: Answer[]; leftOut: LeftOut<Answer>[] } {
  const proposed: Answer[] = [];
  const leftOut: LeftOut<Answer>[] = [];
  for (const entity of entities) {
    const reason = against(entity);
    if (reason === undefined) proposed.push(answerOf(entity));
    else leftOut.push({ answer: answerOf(entity), reason });
  }
  return { proposed, leftOut };
}

/** `PAYLOAD_CACHE`, or the next name that nothing else of the project uses. */
export function proposeBinding(project: Pick<Project, 'wrangler' | 'configShape'>): string {
  return freeName(DEFAULT_BINDING, (name) => bindingConflict(name, project));
}

/** The name of the Durable Objects' binding: one that is there already, `CACHE_TAGS`, or the next free one. */
export function proposeTagsBinding(project: Pick<Project, 'wrangler' | 'configShape'>): string {
  const bound = project.wrangler?.durableObjects.find(({ className }) => className === TAGS_CLASS);
  return bound?.name ?? freeName(DEFAULT_TAGS_BINDING, (name) => bindingConflict(name, project));
}

function freeName(base: string, conflict: (name: string) => string | undefined): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}_${count}`;
    if (!conflict(name)) return name;
  }
}

/** Why a binding's name is not free, or `undefined`. A KV namespace of that name that nothing reads is free. */
export function bindingConflict(
  name: string,
  { wrangler, configShape }: Pick<Project, 'wrangler' | 'configShape'>,
): string | undefined {
  if (configShape.cloudflareEnv?.bindings.includes(name)) {
    return `${configShape.config.path} uses a binding ${name} for something else`;
  }
  if (!wrangler) return undefined;
  const environments = [wrangler, ...Object.values(wrangler.env)];
  const isNamespace = environments.some(({ kvNamespaces }) =>
    kvNamespaces.some(({ binding }) => binding === name),
  );
  if (isNamespace) return undefined;
  const named = new RegExp(`["'\\s.\\[]${name}["'\\s=\\]]`).test(
    withoutComments(wrangler.content, wrangler.format),
  );
  return named ? `${wrangler.path} uses the name ${name} for something else` : undefined;
}

function withoutComments(content: string, format: 'json' | 'jsonc' | 'toml'): string {
  return format === 'toml'
    ? content.replace(/^\s*#.*$/gm, '')
    : content.replace(/("(?:[^"\\]|\\.)*")|\/\/.*$|\/\*[\s\S]*?\*\//gm, '$1');
}

/** What is offered, by slug: what is proposed, and what is not with the reason. */
export function offeredOf<Kind extends 'collections' | 'globals'>(
  proposal: Proposal,
  kind: Kind,
): (Proposal[Kind][number] & { reason?: string })[] {
  const leftOut = proposal.leftOut[kind].map(({ answer, reason }) => ({ ...answer, reason }));
  return [...proposal[kind], ...leftOut].sort(bySlug);
}
