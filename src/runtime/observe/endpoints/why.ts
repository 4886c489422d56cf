import { AsyncLocalStorage } from 'node:async_hooks';
import type { CollectionSlug, GlobalSlug, PayloadRequest } from 'payload';
import type { CacheEvent, EventType } from '../../../interfaces/events.js';
import { isPlainObject } from '../../../platform/is-object.js';
import type { CachedOperation } from '../../query/operations.js';
import type { Plan, Read } from '../../read/context.js';
import type { FillContext } from '../../read/fill.js';
import { tagsOfUncached } from '../../read/record-bypass.js';
import { shapeOf } from '../shape.js';
import { entriesUnder } from '../stored-entries.js';
import { type Asked, json, type ObserveEndpoint, refusal } from './asked.js';
import { collectionIn, globalIn, idIn, textIn } from './target.js';
import { tagsWithoutValues } from './without-values.js';

/** Reads that are told of. */
const MOST_READS = 200;
const MOST_DOCUMENTS = 1_000;
const DEEPEST = 10;

/** What became of a read of the adapter. */
export interface ToldRead {
  /** Collection, or global (`@slug`). */
  name: string;
  operation: string;
  shape: string;
  outcome: 'hit' | 'miss' | 'stale' | 'bypass';
  /** Why it is not cached. */
  reason?: string;
  /** `null` where it is not cached. */
  key: string | null;
  /** What it depends on: whatever changes one of them makes it stale. */
  tags: readonly string[];
  /** In seconds, where an entry answered. */
  age?: number;
  /** In seconds: of the entry that answered, else of one that is stored now. */
  ttl?: number;
  /** Whether there was an entry, fresh or not. */
  entry: boolean;
  /** Whether what the database said may be stored, where it was asked. */
  kept?: boolean;
}

/** Which call of the Local API it is that reads. */
const asking = new AsyncLocalStorage<object>();

/** Asks something of the Local API, as whoever asks may, and tells of each read of the adapter below it. */
export const why: ObserveEndpoint = {
  name: 'why',
  method: 'post',
  limit: 'read',
  async answer(asked) {
    const reads = asked.instance.reads();
    const ask = questionIn(asked);
    const own = {};
    const told: { read: ToldRead; plan: Plan | undefined }[] = [];
    const unlisten = asked.observation.events.listen((event, args) => {
      if (asking.getStore() !== own || !args || event.subject === 'function') return;
      note(reads, told, event, args);
    });
    try {
      await asking.run(own, ask);
    } catch (error) {
      throw refusedBy(error);
    } finally {
      unlisten();
    }
    for (const { read, plan } of told) {
      if (reads && plan && read.outcome === 'hit') await addAge(reads, read, plan).catch(() => undefined);
    }
    // Hooks and access control read what whoever asks may not.
    const shown = ({ read }: { read: ToldRead }): ToldRead =>
      asked.person.isSigned ? read : { ...read, tags: tagsWithoutValues(read.tags) };
    return json({ reads: told.map(shown) });
  },
};

const OUTCOMES: ReadonlySet<EventType> = new Set<EventType>(['hit', 'miss', 'stale', 'bypass']);

function note(
  reads: FillContext | undefined,
  told: { read: ToldRead; plan: Plan | undefined }[],
  event: CacheEvent,
  args: Readonly<Record<string, unknown>>,
): void {
  const { type, subject, name: slug = '', operation = '', reason } = event;
  if (type === 'fill') {
    const last = told.findLast(({ read }) => read.key?.includes(event.key ?? ' '));
    if (last) last.read.kept = event.outcome === 'kept';
    return;
  }
  if (!OUTCOMES.has(type) || told.length >= MOST_READS) return;
  const asked = { type: subject, slug, operation: operation as CachedOperation, args } as Read;
  const rule = reads?.policy.ruleOf(asked.type, slug, asked.operation);
  const plan = reads && rule?.cached ? reads.plans.planOf(asked, rule) : undefined;
  told.push({
    read: {
      name: subject === 'global' ? `@${slug}` : slug,
      operation,
      shape: shapeOf(args),
      outcome: type as ToldRead['outcome'],
      ...(reason === undefined ? {} : { reason }),
      key: plan?.key ?? null,
      tags: plan?.tags ?? (reads && tagsOfUncached(reads, asked)) ?? [],
      ...(rule?.cached ? { ttl: rule.ttl } : {}),
      entry: type === 'hit' || type === 'stale',
    },
    plan,
  });
}

async function addAge(reads: FillContext, read: ToldRead, { key, nearKey }: Plan): Promise<void> {
  for (const [tier, under] of [
    ['near', nearKey],
    ['store', key],
  ] as const) {
    for await (const { found } of entriesUnder(reads, tier, [under])) {
      const [first] = found;
      if (!first) continue;
      read.age = Math.max(0, Math.round((reads.now() - first.entry.askedAt) / 1000));
      read.ttl = first.entry.ttl;
      return;
    }
  }
}

/** What is asked of the Local API. */
function questionIn({ body, payload, req, person }: Asked): () => Promise<unknown> {
  if (!isPlainObject(body))
    throw refusal('BAD_REQUEST', 'There is no question.', 'Send { "collection": … }.');
  const { collection, global, operation, id, where, sort, limit, page, depth, locale, draft, ...rest } = body;
  const { overrideAccess = person.isSigned, ...others } = rest;
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw refusal('BAD_REQUEST', `"${other.slice(0, 40)}" is not known.`, 'Leave it out.');
  if ((collection === undefined) === (global === undefined)) {
    throw refusal('BAD_REQUEST', 'One thing can be asked for at a time.', 'Name a collection or a global.');
  }
  if (where !== undefined && !isPlainObject(where)) {
    throw refusal('BAD_REQUEST', 'where must be an object.', 'Send it as the Local API takes it.');
  }
  if (typeof overrideAccess !== 'boolean') {
    throw refusal('BAD_REQUEST', 'overrideAccess must be true or false.', 'Leave it out.');
  }
  if (draft !== undefined && typeof draft !== 'boolean') {
    throw refusal('BAD_REQUEST', 'draft must be true or false.', 'Leave it out for what is published.');
  }
  const common = {
    req: req as PayloadRequest,
    // Who has the secret may read all, as the code of the site does.
    overrideAccess: person.isSigned && overrideAccess === true,
    ...(req.user ? { user: req.user } : {}),
    ...(depth === undefined ? {} : { depth: wholeNumber('depth', depth, 0, DEEPEST) }),
    ...(locale === undefined ? {} : { locale: textIn('locale', locale) as never }),
    ...(draft === undefined ? {} : { draft }),
  };
  if (global !== undefined) {
    const slug = globalIn(payload, global) as GlobalSlug;
    if (operation !== undefined && operation !== 'findGlobal') throw unknownOperation('findGlobal');
    return () => payload.findGlobal({ ...common, slug });
  }
  const slug = collectionIn(payload, collection) as CollectionSlug;
  const found = { ...common, collection: slug, ...(where ? { where: where as never } : {}) };
  switch (operation ?? (id === undefined ? 'find' : 'findByID')) {
    case 'find':
      return () =>
        payload.find({
          ...found,
          ...(sort === undefined ? {} : { sort: sortIn(sort) }),
          ...(limit === undefined ? {} : { limit: wholeNumber('limit', limit, 1, MOST_DOCUMENTS) }),
          ...(page === undefined ? {} : { page: wholeNumber('page', page, 1, 1_000_000) }),
        });
    case 'count':
      return () => payload.count(found);
    case 'findByID': {
      const document = idIn(id);
      return () => payload.findByID({ ...common, collection: slug, id: document, disableErrors: true });
    }
    default:
      throw unknownOperation('find, findByID, count');
  }
}

function sortIn(value: unknown): string | string[] {
  if (typeof value === 'string') return textIn('sort', value);
  if (Array.isArray(value) && value.length <= 5) return value.map((each) => textIn('sort', each));
  throw refusal(
    'BAD_REQUEST',
    'sort must be a text.',
    'Name a field, with - before it for the other way round.',
  );
}

function wholeNumber(name: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw refusal('BAD_REQUEST', `${name} must be a whole number.`, `Send ${least} to ${most}.`);
}

const unknownOperation = (known: string) =>
  refusal('BAD_REQUEST', 'That operation cannot be asked about.', `Name one of: ${known}.`);

/** What Payload says to a query that it does not take, or to somebody who may not ask it. */
function refusedBy(error: unknown): unknown {
  const { status, message } = error as { status?: unknown; message?: unknown };
  if (status === 403 || status === 401) {
    return refusal(
      'NOT_ALLOWED',
      'You may not read that.',
      'See the access control of the collection or global.',
    );
  }
  const isOfQuery = typeof status === 'number' && status >= 400 && status < 500;
  return isOfQuery ? refusal('BAD_REQUEST', String(message).slice(0, 300), 'Correct the query.') : error;
}
