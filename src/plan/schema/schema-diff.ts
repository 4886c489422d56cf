/** What changed between two schemas, in words that a person would use. */
import type { CollectionRecord, GlobalRecord, SchemaRecord } from './schema-record.js';

/** Kinds of change; scripts may rely on them. */
export type SchemaChangeKind =
  | 'collection-added'
  | 'collection-removed'
  | 'global-added'
  | 'global-removed'
  | 'locales-changed'
  | 'auth-changed'
  | 'upload-changed'
  | 'versions-changed'
  | 'drafts-changed'
  | 'field-added'
  | 'field-removed'
  | 'field-changed'
  | 'relation-added'
  | 'relation-removed'
  | 'relation-retargeted'
  | 'join-added'
  | 'join-removed'
  | 'join-changed'
  | 'slice-added'
  | 'slice-removed';

/** One change of the schema. */
export interface SchemaChange {
  kind: SchemaChangeKind;
  /** The collection or global; empty for the locales. */
  slug: string;
  type: 'collection' | 'global' | 'site';
  /** Path of the field concerned. */
  field?: string;
  /** The change as a sentence without a full stop. */
  text: string;
}

/** Everything that differs from `before` to `after`, collections first, each in order of its slug. */
export function diffSchemas(before: SchemaRecord, after: SchemaRecord): SchemaChange[] {
  const changes: SchemaChange[] = [];
  if (before.locales.join() !== after.locales.join()) {
    const text = `locales: ${listed(before.locales)} → ${listed(after.locales)}`;
    changes.push({ kind: 'locales-changed', slug: '', type: 'site', text });
  }
  changes.push(...diffParts('collection', before, after), ...diffParts('global', before, after));
  return changes;
}

function diffParts(type: 'collection' | 'global', before: SchemaRecord, after: SchemaRecord): SchemaChange[] {
  const group = `${type}s` as const;
  const [old, now] = [before[group], after[group]];
  const slugs = union(old, now);
  return slugs.flatMap((slug): SchemaChange[] => {
    const had = own(old, slug);
    const has = own(now, slug);
    if (!had) return [{ kind: `${type}-added`, slug, type, text: `${type} \`${slug}\` was added` }];
    if (!has) return [{ kind: `${type}-removed`, slug, type, text: `${type} \`${slug}\` was removed` }];
    const fields = {
      before: own(before.fields[group], slug) ?? {},
      after: own(after.fields[group], slug) ?? {},
    };
    return diffPart({ slug, type }, had, has, fields);
  });
}

function diffPart(
  about: { slug: string; type: 'collection' | 'global' },
  before: CollectionRecord & GlobalRecord,
  after: CollectionRecord & GlobalRecord,
  fields: { before: Record<string, string>; after: Record<string, string> },
): SchemaChange[] {
  const { slug } = about;
  const changes: SchemaChange[] = [];
  const say = (kind: SchemaChangeKind, text: string, field?: string) =>
    changes.push({ kind, ...about, ...(field === undefined ? {} : { field }), text });

  if (before.versions !== 'unknown' && after.versions === 'unknown') {
    const text = `${about.type} \`${slug}\` is in payload-types.ts only: if it was removed, \`payload generate:types\` forgets it`;
    return [{ kind: 'versions-changed', ...about, text }];
  }
  for (const flag of ['auth', 'upload', 'versions', 'drafts'] as const) {
    const [was, is] = [before[flag] ?? false, after[flag] ?? false];
    if (was !== is) say(`${flag}-changed`, `\`${slug}\`: ${flagText(flag, is)}`);
  }

  const relations = { before: before.relations ?? {}, after: after.relations ?? {} };
  const joins = { before: before.joins ?? {}, after: after.joins ?? {} };
  for (const path of union(fields.before, fields.after)) {
    const name = `\`${slug}.${path}\``;
    const [was, is] = [own(fields.before, path), own(fields.after, path)];
    const [target, newTarget] = [own(relations.before, path), own(relations.after, path)];
    const [join, newJoin] = [own(joins.before, path), own(joins.after, path)];

    if (newTarget && !target)
      say('relation-added', `relation ${name} to ${listed(newTarget)} was added`, path);
    else if (target && !newTarget)
      say('relation-removed', `relation ${name} to ${listed(target)} was removed`, path);
    else if (target && newTarget && target.join() !== newTarget.join()) {
      say(
        'relation-retargeted',
        `relation ${name} now leads to ${listed(newTarget)}, before to ${listed(target)}`,
        path,
      );
    }
    if (newJoin && !join) {
      say('join-added', `join ${name} on ${listed(newJoin.collection, newJoin.on)} was added`, path);
    } else if (join && !newJoin) {
      say('join-removed', `join ${name} on ${listed(join.collection, join.on)} was removed`, path);
    } else if (join && newJoin && JSON.stringify(join) !== JSON.stringify(newJoin)) {
      const where =
        Boolean(newJoin.where) === Boolean(join.where)
          ? ''
          : newJoin.where
            ? ', with a where'
            : ', without a where';
      say('join-changed', `join ${name} is now on ${listed(newJoin.collection, newJoin.on)}${where}`, path);
    }

    const told = target || newTarget || join || newJoin;
    if (was === undefined && !told) say('field-added', `field ${name} (${typeOf(is!)}) was added`, path);
    else if (is === undefined && !told) say('field-removed', `field ${name} was removed`, path);
    else if (was !== undefined && is !== undefined && was !== is) {
      for (const text of fieldChanges(was, is)) say('field-changed', `field ${name} ${text}`, path);
    }
  }

  const [oldSlices, newSlices] = [before.slices ?? [], after.slices ?? []];
  for (const path of newSlices) {
    if (!oldSlices.includes(path)) say('slice-added', `\`${slug}.${path}\` can be a slice now`, path);
  }
  for (const path of oldSlices) {
    if (!newSlices.includes(path)) say('slice-removed', `\`${slug}.${path}\` can no longer be a slice`, path);
  }
  return changes;
}

const flagWords: Record<string, [gained: string, lost: string]> = {
  many: ['holds many values now', 'holds a single value now'],
  'in-list': ['lies in a list now', 'lies in no list any more'],
  localized: ['became localized', 'is no longer localized'],
  unique: ['became unique', 'is no longer unique'],
  index: ['became indexed', 'is no longer indexed'],
};

function fieldChanges(before: string, after: string): string[] {
  const [oldType, ...oldFlags] = before.split(' ');
  const [type, ...flags] = after.split(' ');
  const texts = type === oldType ? [] : [`is of type ${type} now, before ${oldType}`];
  for (const flag of [...new Set([...oldFlags, ...flags])].sort()) {
    if (oldFlags.includes(flag) === flags.includes(flag)) continue;
    const [gained, lost] = flagWords[flag] ?? virtualWords(flag);
    texts.push(flags.includes(flag) ? gained : lost);
  }
  return texts;
}

function virtualWords(flag: string): [string, string] {
  const path = flag.slice('virtual:'.length);
  return path
    ? [`is a virtual field of \`${path}\` now`, `is no longer a virtual field of \`${path}\``]
    : ['became virtual', 'is no longer virtual'];
}

function flagText(flag: 'auth' | 'upload' | 'versions' | 'drafts', is: boolean | 'unknown'): string {
  if (is === 'unknown') return `whether it has ${flag} is no longer known`;
  const text = { auth: 'authentication', upload: 'uploads', versions: 'versions', drafts: 'drafts' }[flag];
  return `${text} ${flag === 'auth' ? 'is' : 'are'} ${is ? 'on' : 'off'} now`;
}

function typeOf(field: string): string {
  return field.split(' ')[0]!;
}

function listed(names: readonly string[], suffix?: string): string {
  if (names.length === 0) return 'none';
  return names.map((name) => `\`${name}${suffix ? `.${suffix}` : ''}\``).join(', ');
}

function union(before: object, after: object): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
}

/** A property of the object itself: a slug may be called `constructor`. */
function own<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
