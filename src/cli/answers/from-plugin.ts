/** What the options of another plugin's cache answer: `init --from-plugin` takes them over, as if flags had said them. */
import { PayloadKVError } from '../../errors.js';
import { filesMentioning } from '../../inspect/importers.js';
import type { OtherCache, OtherEntry } from '../../inspect/other-caches.js';
import type { Project } from '../../inspect/project.js';
import { PREFERENCES } from '../../inspect/schema.js';
import { isInternalCollection, type StoreOptions } from '../../plan/answers.js';
import type { Replaced } from '../../plan/other-caches/take-out.js';
import { lineAt } from '../../plan/text/splice.js';
import type { AnswerFlags } from './answer-flags.js';

/** The cache of another plugin that is replaced, and what comes of its options. */
export interface FromPlugin {
  other: Replaced;
  /** What its options say, in the words of flags; what a flag says itself comes first. */
  flags: Pick<AnswerFlags, 'collections' | 'globals' | 'ttl' | 'ttlFor' | 'store' | 'binding'>;
  /** What the store is given besides, where it stays the same. */
  storeOptions: StoreOptions;
  /** What has no counterpart, in words. */
  notices: string[];
}

/**
 * The other plugin's cache that is to be replaced.
 * @throws PayloadKVError `NO_OTHER_CACHE` where there is none, `OTHER_CACHE_UNREADABLE` where it is not written out or
 *   there are several
 */
export function fromPlugin(project: Project, flags: AnswerFlags): FromPlugin {
  const [other, second] = project.otherCaches;
  if (!other) {
    throw new PayloadKVError({
      code: 'NO_OTHER_CACHE',
      message: '--from-plugin: no file of the config imports a plugin that init can replace.',
      nextStep: 'Leave the flag out. docs/migrate.md has the plugins that are known, and what to do by hand.',
    });
  }
  if (second) {
    throw new PayloadKVError({
      code: 'OTHER_CACHE_UNREADABLE',
      message: `--from-plugin: there are several, \`${other.packageName}\` and \`${second.packageName}\`.`,
      location: second.location,
      nextStep: 'Take out all but one.',
    });
  }
  const { options, text, refused } = other;
  if (refused || !options || text === undefined) {
    throw new PayloadKVError({
      code: 'OTHER_CACHE_UNREADABLE',
      message: `--from-plugin: the call of \`${other.packageName}\` cannot be replaced: ${refused?.reason}.`,
      location: refused?.location ?? other.location,
      nextStep: 'Write it out, or replace it by hand as docs/migrate.md says.',
    });
  }
  const { schema } = project;
  const unknown: string[] = [];
  const known = (entries: OtherEntry[], slugs: readonly string[]) =>
    entries.filter(({ slug }) => {
      const isKnown = slugs.includes(slug) && (slug === PREFERENCES || !isInternalCollection(slug));
      if (!isKnown) unknown.push(slug);
      return isKnown;
    });
  const collections = known(
    options.collections,
    schema.collections.map(({ slug }) => slug),
  );
  const globals = known(
    options.globals,
    schema.globals.map(({ slug }) => slug),
  );
  const isStore = flags.store === undefined || flags.store === other.store;
  return {
    other: { ...other, options, text },
    flags: {
      collections: namesOf(collections),
      globals: namesOf(globals),
      ttl: durationOf(options.ttl),
      ttlFor: ttlsOf([...collections, ...globals], flags),
      store: other.store,
      ...(isStore && options.binding !== undefined ? { binding: options.binding } : {}),
    },
    storeOptions: {
      ...(options.url === undefined ? {} : { url: options.url }),
      ...(options.prefix === undefined ? {} : { prefix: `${options.prefix}:` }),
    },
    notices: [...noticesOf(other, { unknown, dropped: options.dropped }), ...skippingReads(project.root)],
  };
}

/** The project as it is without the other cache: the binding that it had is free for ours. */
export function withFreedBinding(project: Project, { other }: FromPlugin): Project {
  const { cloudflareEnv, config } = project.configShape;
  const { binding } = other.options;
  if (binding === undefined || !cloudflareEnv) return project;
  const uses = config.text.match(new RegExp(`\\b${binding}\\b`, 'g'))?.length ?? 0;
  if (uses > 1) return project;
  const bindings = cloudflareEnv.bindings.filter((it) => it !== binding);
  const configShape = { ...project.configShape, cloudflareEnv: { ...cloudflareEnv, bindings } };
  return { ...project, configShape };
}

/** What is said where another cache stays beside ours. */
export function twoCaches({ otherCaches: [other] }: Project): string[] {
  if (!other) return [];
  const { file, line } = other.location;
  return [
    `${file}:${line} has the cache of \`${other.packageName}\`: with this one there are two on one adapter, and each keeps what the other should see. \`payload-kv init --from-plugin\` replaces it.`,
  ];
}

/** `posts,pages`, or `none`. */
function namesOf(entries: readonly OtherEntry[]): string {
  return entries.length === 0 ? 'none' : entries.map(({ slug }) => slug).join(',');
}

/** TTLs of their own, for what a flag leaves among what is cached. */
function ttlsOf(entries: readonly OtherEntry[], flags: AnswerFlags): string[] {
  const named = [flags.collections, flags.globals].flatMap((list) => list?.split(',') ?? []);
  const all = flags.collections === undefined && flags.globals === undefined;
  const own = entries.flatMap(({ slug, ttl }) =>
    ttl !== undefined && (all || named.includes(slug)) ? [`${slug}=${durationOf(ttl)}`] : [],
  );
  return [...own, ...(flags.ttlFor ?? [])];
}

/** `90s`, `5m`, `2h`, `7d`. */
function durationOf(seconds: number): string {
  const [unit, size] = (
    [
      ['d', 86_400],
      ['h', 3_600],
      ['m', 60],
    ] as const
  ).find(([, length]) => seconds % length === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}

function noticesOf(
  { packageName, options }: OtherCache,
  { unknown, dropped }: { unknown: string[]; dropped: string[] },
): string[] {
  const notices: string[] = [];
  if (unknown.length > 0) {
    const names = unknown.map((slug) => `\`${slug}\``).join(', ');
    notices.push(`Not taken over, since the schema has no such collection or global to cache: ${names}.`);
  }
  if (dropped.length > 0) {
    const names = dropped.map((name) => `\`${name}\``).join(', ');
    notices.push(
      `Not taken over, since it has no counterpart: ${names}. docs/migrate.md says what to do instead.`,
    );
  }
  const variable = options?.variable;
  if (variable !== undefined && variable !== 'REDIS_URL')
    notices.push(`Redis is where ${variable} says, as it was with \`${packageName}\`.`);
  return notices;
}

/** Reads that the other plugin let skip its cache by a context of which this one knows nothing. */
function skippingReads(root: string): string[] {
  const skips = /\bcache\s*:\s*\{[^{}]*\bskip\b/;
  const places = Object.entries(filesMentioning(root, ['skip'])).flatMap(([path, text]) => {
    const found = /\bcontext\b/.test(text) ? skips.exec(text) : null;
    return found ? [`${path}:${lineAt(text, found.index)}`] : [];
  });
  return places.length === 0
    ? []
    : [
        `${places.join(', ')}: \`context: { cache: { skip } }\` says nothing here. Write \`context: { payloadCache: 'bypass' }\`.`,
      ];
}
