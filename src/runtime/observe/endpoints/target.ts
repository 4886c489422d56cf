/** What is to be made stale, or looked at, as it was sent. */
import type { Payload } from 'payload';
import type { PayloadKVError } from '../../../errors.js';
import { KEY_PREFIX, VERSION_PREFIX } from '../../../interfaces/keys.js';
import { isPlainObject } from '../../../platform/is-object.js';
import { nearest } from '../../../platform/nearest.js';
import type { InvalidationTarget } from '../../instance.js';
import { refusal } from './asked.js';

/** Characters of a name, and names in one request. */
const LONGEST_NAME = 300;
const MOST_TAGS = 100;

const KINDS = ['collection', 'global', 'tags', 'namespace', 'prefix'] as const;

/** A target of `invalidateCache`, once it is certain to be one. */
export function targetIn(payload: Payload, sent: unknown): InvalidationTarget {
  if (sent === 'everything') return sent;
  if (!isPlainObject(sent)) throw notATarget();
  const { id, ...named } = sent;
  const kinds = Object.keys(named);
  const [kind] = kinds;
  if (kinds.length !== 1 || (id !== undefined && kind !== 'collection')) throw notATarget();
  const value = named[kind as string];
  switch (kind as (typeof KINDS)[number]) {
    case 'collection': {
      const collection = collectionIn(payload, value);
      return id === undefined ? { collection } : { collection, id: idIn(id) };
    }
    case 'global':
      return { global: globalIn(payload, value) };
    case 'tags': {
      if (!Array.isArray(value) || value.length === 0 || value.length > MOST_TAGS) {
        throw refusal(
          'BAD_REQUEST',
          'There must be tags.',
          `Send 1 to ${MOST_TAGS} tags as a list of texts.`,
        );
      }
      return { tags: value.map((tag) => textIn('each tag', tag)) };
    }
    case 'namespace':
      return { namespace: textIn('namespace', value) };
    case 'prefix':
      return { prefix: prefixIn(value) };
    default:
      throw notATarget();
  }
}

/** The slug of a collection that there is. */
export function collectionIn(payload: Payload, value: unknown): string {
  return knownName('collection', value, payload.config.collections);
}

/** The slug of a global that there is. */
export function globalIn(payload: Payload, value: unknown): string {
  return knownName('global', value, payload.config.globals);
}

/** An id, as a path or JSON has it. */
export function idIn(value: unknown): string | number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'number' || typeof value !== 'string') {
    throw refusal('BAD_REQUEST', 'id must be a text or a number.', 'Send the id of one document.');
  }
  return textIn('id', value);
}

/** What keys begin with, after the prefix of all; that may stand in front of it. */
export function prefixIn(value: unknown): string {
  const text = textIn('prefix', value);
  const key = text.startsWith(KEY_PREFIX) ? text : KEY_PREFIX + text;
  if (key === KEY_PREFIX) {
    throw refusal('BAD_REQUEST', 'That is the prefix of everything.', "Make 'everything' the target.");
  }
  if (key.startsWith(VERSION_PREFIX)) {
    throw refusal(
      'BAD_REQUEST',
      'Below that prefix lie versions, which are no entries.',
      'Name what keys of entries begin with.',
    );
  }
  return key.slice(KEY_PREFIX.length);
}

/** A text that is neither empty nor long. */
export function textIn(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME) return value;
  throw refusal('BAD_REQUEST', `${name} must be a text.`, `Send 1 to ${LONGEST_NAME} characters.`);
}

function knownName(
  kind: 'collection' | 'global',
  value: unknown,
  known: readonly { slug: string }[],
): string {
  const slug = textIn(kind, value);
  const slugs = known.map((each) => each.slug);
  if (slugs.includes(slug)) return slug;
  const near = nearest(slug, slugs);
  throw refusal(
    'NOT_FOUND',
    `There is no ${kind} "${slug.slice(0, 60)}".`,
    near ? `Is it "${near}"?` : `There are: ${slugs.join(', ') || 'none'}.`,
  );
}

const notATarget = (): PayloadKVError =>
  refusal(
    'BAD_REQUEST',
    'That is nothing that could be purged.',
    `Send "everything", or an object with one of ${KINDS.join(', ')}; id goes with collection.`,
  );
