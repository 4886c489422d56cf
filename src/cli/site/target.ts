/** What `purge` makes stale, and what `why` asks for, as they are typed. */
import { PayloadKVError } from '../../errors.js';
import { nearest } from '../../platform/nearest.js';
import type { InvalidationTarget } from '../../runtime/instance.js';
import type { Statistics } from '../../runtime/observe/snapshot.js';
import { printable } from '../terminal/terminal.js';

/** The flags of `purge` that name what is made stale. */
export interface TargetFlags {
  tag?: string[];
  namespace?: string;
  prefix?: string;
  all?: boolean;
}

/** A collection, a document of it, or a global, before it is known which. */
export interface Named {
  name: string;
  id?: string;
  isGlobal: boolean;
}

/** `posts`, `posts#5` or `@header`. */
export function namedBy(text: string): Named {
  const isGlobal = text.startsWith('@');
  const [, name = '', id] = /^@?([^#]*)(?:#(.*))?$/s.exec(text) ?? [];
  if (name === '' || id === '' || (isGlobal && id !== undefined)) {
    throw new PayloadKVError({
      code: 'USAGE',
      message: `\`${printable(text)}\` names nothing of a site.`,
      nextStep: 'Name a collection, a document or a global: posts, posts#5, @header.',
    });
  }
  return { name, isGlobal, ...(id === undefined ? {} : { id }) };
}

/**
 * The one thing that the command line names.
 * @throws PayloadKVError `USAGE` for none or several
 */
export function targetOf(
  text: string | undefined,
  flags: TargetFlags,
): Exclude<InvalidationTarget, { collection: string } | { global: string }> | Named {
  const { tag, namespace, prefix, all } = flags;
  const given = [text, tag, namespace, prefix, all || undefined].filter((each) => each !== undefined);
  if (given.length !== 1) {
    throw new PayloadKVError({
      code: 'USAGE',
      message:
        given.length === 0 ? 'It is not said what to make stale.' : 'One thing at a time is made stale.',
      nextStep: 'Name one of these: posts, posts#5, @header, --tag, --namespace, --prefix, --all.',
    });
  }
  if (text !== undefined) return namedBy(text);
  if (tag) return { tags: tag };
  if (namespace !== undefined) return { namespace };
  return prefix === undefined ? 'everything' : { prefix };
}

/**
 * Whether a name is that of a collection or a global, by what the site has.
 * @throws PayloadKVError `NOT_OF_THIS_SITE`
 */
export function resolved(
  { name, id, isGlobal }: Named,
  { policies }: Pick<Statistics, 'policies'>,
): { collection: string; id?: string } | { global: string } {
  const known = Object.keys(policies);
  if (!isGlobal && Object.hasOwn(policies, name))
    return { collection: name, ...(id === undefined ? {} : { id }) };
  if (id === undefined && Object.hasOwn(policies, `@${name}`)) return { global: name };
  // Nothing to go by: the site itself will say it.
  if (known.length === 0)
    return isGlobal ? { global: name } : { collection: name, ...(id === undefined ? {} : { id }) };
  const meant = nearest(isGlobal ? `@${name}` : name, known) ?? nearest(`@${name}`, known);
  throw new PayloadKVError({
    code: 'NOT_OF_THIS_SITE',
    message: `The site has no ${isGlobal ? 'global' : 'collection'} \`${printable(name)}\`.`,
    nextStep:
      meant === undefined
        ? `It has ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', …' : ''}.`
        : `Did you mean ${meant}?`,
  });
}

/** A target in words. */
export function targetText(target: InvalidationTarget): string {
  if (target === 'everything') return 'everything';
  if ('prefix' in target) return `entries whose keys begin with payload-cache:${target.prefix}`;
  if ('namespace' in target) return `what the functions of the namespace ${target.namespace} returned`;
  if ('tags' in target)
    return `what depends on the tag${target.tags.length === 1 ? '' : 's'} ${target.tags.join(', ')}`;
  if ('global' in target) return `what depends on the global ${target.global}`;
  return target.id === undefined
    ? `what depends on ${target.collection}`
    : `what depends on the document ${target.id} of ${target.collection}`;
}
