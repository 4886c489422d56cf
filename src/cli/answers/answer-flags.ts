/** The flags of `init` that answer a question: what they say, checked against the project. */

import { parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { Project } from '../../inspect/project.js';
import { PREFERENCES } from '../../inspect/schema.js';
import { sliceCandidates } from '../../inspect/slices.js';
import {
  type Answers,
  bindingConflict,
  type CollectionAnswer,
  type GlobalAnswer,
  isInternalCollection,
  offeredOf,
  type PagesMode,
  type Proposal,
  REGISTRIES_OF,
  type RegistryName,
  STORES,
  type StoreName,
  usersAnswer,
} from '../../plan/answers.js';
import { nearest } from '../../platform/nearest.js';

/** The flags of `init` that answer a question. */
export interface AnswerFlags {
  collections?: string;
  globals?: string;
  ttl?: string;
  ttlFor?: string[];
  store?: StoreName;
  registry?: RegistryName;
  binding?: string;
  /** A mode; `true` where none is named. */
  pages?: PagesMode | true;
  /** Takes out what pages make superfluous. */
  takeOutHooks?: boolean;
  /** Replaces the cache of another plugin, whose options answer what no flag does. */
  fromPlugin?: boolean;
  /** Whether whole responses come from the cache. */
  responses?: boolean;
  /** Whether the admin panel shows the cache. */
  adminView?: boolean;
  yes?: boolean;
  dryRun?: boolean;
}

/** What the flags answer. */
export interface Given {
  answers: Partial<Answers>;
  /** TTLs of their own by slug, as typed. */
  ttlFor: Map<string, string>;
  /** Whether those are all: then nobody is asked for more. */
  hasAllTTLs?: boolean;
}

/**
 * Checks the flags.
 * @throws PayloadKVError `UNKNOWN_COLLECTION`, `UNKNOWN_GLOBAL`, `INTERNAL_COLLECTION`, `INVALID_DURATION`,
 *   `INVALID_BINDING`, `INVALID_PAGES`, `INVALID_ADMIN_VIEW`, `INVALID_FLAG`
 */
export function checkFlags(project: Project, proposal: Proposal, flags: AnswerFlags): Given {
  const answers: Partial<Answers> = {};
  if (flags.collections !== undefined)
    answers.collections = collectionsOf(flags.collections, project, proposal);
  if (flags.globals !== undefined) answers.globals = globalsOf(flags.globals, project);
  if (flags.ttl !== undefined) answers.ttl = checkedTTL(flags.ttl, '--ttl');
  if (flags.store !== undefined) answers.store = flags.store;
  if (flags.registry !== undefined) answers.registry = flags.registry;
  if (flags.pages !== undefined) answers.pages = checkedPages(flags.pages, project);
  if (flags.adminView !== undefined) answers.adminView = checkedAdminView(flags.adminView, project);
  if (flags.binding !== undefined) answers.binding = checkedBinding(flags.binding, project, proposal);
  const ttlFor = ttlsOf(flags.ttlFor ?? [], project);
  return { answers, ttlFor, ...(flags.fromPlugin ? { hasAllTTLs: true } : {}) };
}

const ANSWERS: readonly (keyof AnswerFlags)[] = [
  ...(['collections', 'globals', 'ttl', 'ttlFor', 'store', 'registry', 'binding', 'pages'] as const),
  ...(['takeOutHooks', 'fromPlugin', 'responses', 'adminView'] as const),
];

/** Whether a flag answers a question: then the others are not asked where there are answers already. */
export function namesAnswer(flags: AnswerFlags): boolean {
  return ANSWERS.some((name) => flags[name] !== undefined);
}

/** Without a terminal and without `--yes`, flags have to say everything. */
export function requireFlags({ schema }: Project, { answers }: Given): void {
  const missing: string[] = [];
  if (!answers.collections) missing.push('--collections a,b');
  if (!answers.globals && schema.globals.length > 0) missing.push('--globals a,b');
  if (!answers.ttl) missing.push('--ttl 5m');
  if (!answers.store) missing.push(`--store ${STORES.join('|')}`);
  if (!answers.binding && (answers.store ?? 'cloudflare-kv') === 'cloudflare-kv')
    missing.push('--binding NAME');
  const message =
    missing.length > 0
      ? `There is no terminal to ask on, and these answers are missing: ${missing.join(', ')}.`
      : 'There is no terminal to ask on whether the change is to be written.';
  throw new PayloadKVError({
    code: 'MISSING_ANSWERS',
    message,
    nextStep: 'Add --yes to take the proposals for what no flag says, or --dry-run to see them.',
  });
}

/** Refuses a registry that makes no sense with the store. */
export function requireFit(registry: RegistryName, store: StoreName): void {
  const possible = REGISTRIES_OF[store];
  if (possible.includes(registry)) return;
  throw invalid(
    'INVALID_REGISTRY',
    `--registry ${registry} makes no sense with --store ${store}.`,
    `Choose ${choiceOf(possible)}.`,
  );
}

/** Refuses a TTL for what is not cached. */
export function requireCached(slugs: Iterable<string>, cached: readonly string[]): void {
  for (const slug of slugs) {
    if (cached.includes(slug)) continue;
    throw invalid(
      'INVALID_FLAG',
      `--ttl-for ${slug}: it is not among what is cached.`,
      'Name it in --collections or --globals too.',
    );
  }
}

/** What is wrong with the name of a binding; `true` where nothing is. */
export function bindingProblem(name: string, project: Project): string | true {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return `"${name}" is no name for a binding: letters, digits and _ only, and no digit first.`;
  const conflict = bindingConflict(name, project);
  return conflict ? `${conflict}.` : true;
}

/** What is wrong with a TTL; `true` where nothing is. */
export function ttlProblem(value: string): string | true {
  try {
    parseDuration(value, 'A TTL');
    return true;
  } catch {
    return 'Write a duration such as 300, 30s, 5m, 2h or 7d.';
  }
}

function collectionsOf(flag: string, { schema }: Project, proposal: Proposal): CollectionAnswer[] {
  const known = schema.collections.map(({ slug }) => slug);
  return namesIn(flag, known).map((slug): CollectionAnswer => {
    if (slug === PREFERENCES) return { slug, slices: ['key'] };
    if (isInternalCollection(slug)) {
      const message = `--collections: \`${slug}\` is internal to Payload and never cached.`;
      throw invalid('INTERNAL_COLLECTION', message, 'Leave it out.');
    }
    const collection = schema.collections.find((it) => it.slug === slug);
    if (!collection) {
      throw unknown(
        'collection',
        'UNKNOWN_COLLECTION',
        slug,
        '--collections',
        offeredOf(proposal, 'collections').map((it) => it.slug),
      );
    }
    return collection.auth ? usersAnswer(collection) : { slug, slices: sliceCandidates(collection) };
  });
}

function globalsOf(flag: string, { schema }: Project): GlobalAnswer[] {
  const known = schema.globals.map(({ slug }) => slug);
  return namesIn(flag, known).map((slug) => {
    if (!known.includes(slug)) throw unknown('global', 'UNKNOWN_GLOBAL', slug, '--globals', known);
    return { slug };
  });
}

/** `a,b`; `none` is nobody, unless somebody is called so. */
function namesIn(flag: string, known: readonly string[]): string[] {
  const names = [...new Set(flag.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  return names.length === 1 && names[0] === 'none' && !known.includes('none') ? [] : names;
}

function ttlsOf(flags: readonly string[], { schema }: Project): Map<string, string> {
  const ttls = new Map<string, string>();
  for (const text of flags) {
    const match = /^(.+)=([^=]*)$/.exec(text);
    if (!match)
      throw invalid(
        'INVALID_FLAG',
        `--ttl-for ${text} is not of the form slug=TTL.`,
        'Write for example --ttl-for posts=10m.',
      );
    const [, slug, ttl] = match as unknown as [string, string, string];
    const known = [...schema.collections, ...schema.globals].map((it) => it.slug);
    if (!known.includes(slug))
      throw unknown('collection or global', 'UNKNOWN_COLLECTION', slug, '--ttl-for', known);
    ttls.set(slug, checkedTTL(ttl, `--ttl-for ${slug}`));
  }
  return ttls;
}

function checkedTTL(value: string, flag: string): string {
  const ttl = value.trim();
  parseDuration(ttl, flag);
  return ttl;
}

function checkedPages(value: PagesMode | true, { packageJson }: Project): PagesMode {
  const { dependencies, devDependencies } = packageJson as Record<string, Record<string, string> | undefined>;
  if (!dependencies?.next && !devDependencies?.next) {
    throw invalid(
      'INVALID_PAGES',
      '--pages is for Next sites, and package.json has no dependency `next`.',
      'Leave it out, or run it where the site is.',
    );
  }
  return value === true ? 'push' : value;
}

function checkedAdminView(isShown: boolean, { packageJson }: Project): boolean {
  const { dependencies, devDependencies } = packageJson as Record<string, Record<string, string> | undefined>;
  const panel = '@payloadcms/next';
  if (!isShown || dependencies?.[panel] || devDependencies?.[panel]) return isShown;
  throw invalid(
    'INVALID_ADMIN_VIEW',
    `--admin-view is for sites with an admin panel, and package.json has no dependency \`${panel}\`.`,
    'Leave it out, or run it where the site is.',
  );
}

function checkedBinding(value: string, project: Project, proposal: Proposal): string {
  const problem = bindingProblem(value, project);
  if (problem === true) return value;
  throw invalid('INVALID_BINDING', `--binding: ${problem}`, `Take a free name, e.g. ${proposal.binding}.`);
}

/** `a, b or c`. */
function choiceOf(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(' or ');
}

function invalid(code: string, message: string, nextStep: string): PayloadKVError {
  return new PayloadKVError({ code, message, nextStep });
}

function unknown(
  what: string,
  code: string,
  name: string,
  flag: string,
  known: readonly string[],
): PayloadKVError {
  const near = nearest(name, known);
  return invalid(
    code,
    `${flag}: there is no ${what} \`${name}\`.`,
    near
      ? `Did you mean \`${near}\`?`
      : known.length > 0
        ? `There are ${known.join(', ')}.`
        : `There is none in this project.`,
  );
}
