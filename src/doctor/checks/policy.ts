import { PREFERENCES } from '../../inspect/schema.js';
import { isInternalCollection } from '../../plan/answers.js';
import { type Check, counted, fail, ok, warn } from '../check.js';
import { PAYLOAD_OWN_KV } from './payload-own-kv.js';

/** The policy names only what exists. */
export const policy: Check = {
  id: 'policy',
  title: 'Policy',
  run({ project, wrapper }) {
    if (!wrapper || wrapper.calls.length === 0) return undefined;
    const { schema } = project;
    const existing = {
      collection: new Map(schema.collections.map((collection) => [collection.slug, collection])),
      global: new Map(schema.globals.map((global) => [global.slug, global])),
    };
    const wrong: { text: string; fix: string }[] = [];
    const at = (line: number) => `${wrapper.path}:${line}`;
    for (const { path, line } of wrapper.unknown) {
      wrong.push({
        text: `${at(line)}: \`${path}\` is no option`,
        fix: `Correct its name at ${at(line)}, or remove it.`,
      });
    }
    for (const { slug, type, line, slices } of wrapper.policies) {
      if (type === 'collection' && (slug === PAYLOAD_OWN_KV || slug === PREFERENCES)) continue;
      const part = existing[type].get(slug);
      if (type === 'collection' && isInternalCollection(slug)) {
        wrong.push({
          text: `${at(line)}: \`${slug}\` is internal to Payload and never cached`,
          fix: `Remove \`${slug}\` at ${at(line)}.`,
        });
      } else if (!part) {
        const slugs = [...existing[type].keys()].filter((known) => !isInternalCollection(known)).join(', ');
        wrong.push({
          text: `${at(line)}: there is no ${type} \`${slug}\``,
          fix: `Remove \`${slug}\` at ${at(line)}, or name one of the ${type}s that exist: ${slugs || 'none'}.`,
        });
      } else {
        for (const { field, line: fieldLine } of slices) {
          if (part.fields.some(({ path }) => path === field)) continue;
          wrong.push({
            text: `${at(fieldLine)}: \`${slug}\` has no field \`${field}\` to slice by`,
            fix: `Remove '${field}' from the slices of \`${slug}\` at ${at(fieldLine)}.`,
          });
        }
      }
    }
    if (wrong.length > 0) {
      return fail(wrong[0]!.text, {
        ...(wrong.length > 1 ? { details: wrong.slice(1).map(({ text }) => text) } : {}),
        fix: wrong.map(({ fix }) => fix).join('\n'),
      });
    }
    if (wrapper.off !== undefined) {
      return warn(`the whole cache is off: \`enabled: false\` at ${at(wrapper.off)}`, {
        fix: `Remove it at ${at(wrapper.off)} to turn the cache on.`,
      });
    }
    const count = (type: 'collection' | 'global') =>
      wrapper.named[`${type}s`]
        ? counted(wrapper.policies.filter((entry) => entry.type === type && entry.enabled).length, type)
        : `every ${type}`;
    const summary = `caches ${count('collection')}, ${count('global')}`;
    const unread = wrapper.unread.filter(
      ({ path }) => /^(options|collections|globals)/.test(path) && !/ttl|operations/.test(path),
    );
    if (unread.length === 0) return ok(summary);
    return warn(`${summary}; not everything could be checked`, {
      details: unread.map(
        ({ path, expression, line }) => `${at(line)}: ${path}: \`${expression}\` is not written out`,
      ),
    });
  },
};
