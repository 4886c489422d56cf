/** From flags, proposals and questions to answers. Whatever a flag says is not asked. */

import { parseDuration } from '../duration.js';
import { PayloadKVError } from '../errors.js';
import { bySlug } from '../inspect/fields.js';
import type { Project } from '../inspect/project.js';
import { sliceCandidates } from '../inspect/slices.js';
import {
  type Answers,
  bindingConflict,
  type CollectionAnswer,
  type GlobalAnswer,
  isInternalCollection,
  type Proposal,
  propose,
  proposeBinding,
  proposeTagsBinding,
  REGISTRIES,
  REGISTRIES_OF,
  type RegistryName,
  STORES,
  type StoreName,
} from '../plan/answers.js';
import type { CurrentAnswers } from '../plan/wrapper-answers.js';
import type { AnswerChanges } from '../plan/wrapper-edit.js';
import { nearest } from './nearest.js';
import type { Questions } from './questions.js';
import { printable, type Terminal } from './terminal.js';

/** The flags of `init` that answer a question. */
export interface AnswerFlags {
  collections?: string;
  globals?: string;
  ttl?: string;
  ttlFor?: string[];
  store?: string;
  registry?: string;
  binding?: string;
  yes?: boolean;
  dryRun?: boolean;
}

/** Lowest TTL in seconds that Cloudflare KV knows. */
const KV_FLOOR = 60;

/**
 * The answers for a project. Asks only on a terminal, and only what no flag says.
 * @throws PayloadKVError `UNKNOWN_COLLECTION`, `UNKNOWN_GLOBAL`, `INTERNAL_COLLECTION`, `INVALID_DURATION`,
 *   `INVALID_STORE`, `INVALID_REGISTRY`, `INVALID_BINDING`, `INVALID_FLAG`, `MISSING_ANSWERS`, `NO_COLLECTIONS`, `CANCELLED`
 */
export async function resolveAnswers(
  project: Project,
  flags: AnswerFlags,
  terminal: Terminal,
  questions: Questions,
): Promise<Answers> {
  if (project.schema.collections.length === 0 && project.schema.globals.length === 0) {
    throw new PayloadKVError({
      code: 'NO_COLLECTIONS',
      message: 'No collections and no globals were found in the config.',
      location: project.configShape.objectLocation ?? { file: project.configPath },
      nextStep:
        'If there are some, run `payload generate:types` first: what the config does not show is read from there.',
    });
  }
  const proposal = propose(project);
  const given = checkFlags(project, proposal, flags);
  const asks = terminal.interactive && !flags.yes;
  // A dry run harms nobody, so that without a terminal it shows the proposals.
  if (!asks && !flags.yes && !flags.dryRun) requireFlags(project, given);
  const answers = asks
    ? await askMissing(project, proposal, given, terminal, questions)
    : { ...withoutReasons(proposal), ...given.answers };
  return withTTLs(withRegistry(answers, project), given.ttlFor);
}

/** What the proposal answers, without what it says about the rest. */
function withoutReasons({
  notOffered: _notOffered,
  leftOut: _leftOut,
  chosen: _chosen,
  ...answers
}: Proposal): Answers {
  return answers;
}

/**
 * Other answers for a project that has its cache; `undefined` where nothing is to change. At a terminal it asks, unless
 * flags say what is meant.
 * @throws PayloadKVError as {@link resolveAnswers}
 */
export async function resolveChanges(
  project: Project,
  current: CurrentAnswers,
  flags: AnswerFlags,
  terminal: Terminal,
  questions: Questions,
): Promise<AnswerChanges | undefined> {
  const proposal: Proposal = {
    ...propose(project),
    ...(current.ttl === undefined ? {} : { ttl: current.ttl }),
    ...(current.store === undefined ? {} : { store: current.store }),
    ...(current.registry === undefined ? {} : { registry: current.registry }),
    ...(current.binding === undefined ? {} : { binding: current.binding }),
    chosen: new Set([...current.collections, ...current.globals]),
  };
  const given = checkFlags(project, proposal, flags);
  const hasFlags = Object.keys(given.answers).length > 0 || given.ttlFor.size > 0;
  if (hasFlags) return changesOf(given, current, project);
  if (!terminal.interactive || flags.yes || flags.dryRun) return undefined;
  if (!(await questions.confirm('The cache is set up. Change the answers?', false))) return undefined;
  const own = new Set<string>(current.own);
  if (own.size > 0)
    terminal.say(`  not asked: ${[...own].join(', ')}, which your file has in a way of its own`);
  const answers = await askMissing(project, proposal, given, terminal, questions, own);
  const ttlFor = new Map(
    [...answers.collections, ...answers.globals].flatMap(({ slug, ttl }) =>
      ttl === undefined ? [] : [[slug, ttl] as const],
    ),
  );
  // What was not offered was not refused either.
  const keep = (slugs: readonly string[], offered: readonly { slug: string }[]) =>
    slugs.filter((slug) => !offered.some((it) => it.slug === slug)).map((slug) => ({ slug, slices: [] }));
  const collections = [
    ...answers.collections.map(({ ttl: _ttl, ...it }) => it),
    ...keep(current.collections, offeredOf(proposal, 'collections')),
  ];
  const globals = [
    ...answers.globals.map(({ slug }) => ({ slug })),
    ...keep(current.globals, offeredOf(proposal, 'globals')),
  ];
  const asked = Object.entries({ ...answers, collections, globals }).filter(([name]) => !own.has(name));
  return changesOf({ answers: Object.fromEntries(asked), ttlFor }, current, project);
}

function changesOf({ answers, ttlFor }: Given, current: CurrentAnswers, project: Project): AnswerChanges {
  const store = answers.store ?? current.store;
  const { registry, ...others } = answers;
  if (registry !== undefined && store !== undefined && !REGISTRIES_OF[store].includes(registry)) {
    throw invalid(
      'INVALID_REGISTRY',
      `--registry ${registry} makes no sense with --store ${store}.`,
      `Choose ${choiceOf(REGISTRIES_OF[store])}.`,
    );
  }
  const cached = [...(answers.collections ?? []), ...(answers.globals ?? [])].map(({ slug }) => slug);
  const known = [
    ...cached,
    ...(answers.collections ? [] : current.collections),
    ...(answers.globals ? [] : current.globals),
  ];
  for (const slug of ttlFor.keys()) {
    if (!known.includes(slug))
      throw invalid(
        'INVALID_FLAG',
        `--ttl-for ${slug}: it is not among what is cached.`,
        'Name it in --collections or --globals too.',
      );
  }
  const needsBinding =
    answers.store === 'cloudflare-kv' && current.store !== 'cloudflare-kv' && !answers.binding;
  return {
    ...others,
    ttlFor,
    ...(needsBinding ? { binding: proposeBinding(project) } : {}),
    ...(registry === undefined ? {} : { registry }),
    ...(registry === 'durable-object' ? { tagsBinding: proposeTagsBinding(project) } : {}),
  };
}

/** The same answers with what the registry needs; one that makes no sense with the store is an error. */
function withRegistry(answers: Answers, project: Project): Answers {
  const { registry, store, ...others } = answers;
  const possible = REGISTRIES_OF[store];
  if (registry === undefined || registry === possible[0]) return { ...others, store };
  if (!possible.includes(registry)) {
    throw invalid(
      'INVALID_REGISTRY',
      `--registry ${registry} makes no sense with --store ${store}.`,
      `Choose ${choiceOf(possible)}.`,
    );
  }
  if (registry !== 'durable-object') return { ...others, store, registry };
  return { ...others, store, registry, tagsBinding: proposeTagsBinding(project) };
}

/** What may surprise in the answers, in words. */
export function answerNotices({ collections, globals, ttl, store }: Answers, project: Project): string[] {
  const ttls = [{ slug: 'the default', ttl }, ...collections, ...globals];
  return surprises({ collections, ttls, store, isNewStore: true }, project);
}

/** What may surprise in other answers, in words: nothing that was so before. */
export function changeNotices(
  { collections = [], ttl, ttlFor, store }: AnswerChanges,
  current: CurrentAnswers,
  project: Project,
): string[] {
  const isNewStore = store !== undefined && store !== current.store;
  const ttls = [
    { slug: 'the default', ttl: ttl ?? (isNewStore ? current.ttl : undefined) },
    ...[...ttlFor].map(([slug, own]) => ({ slug, ttl: own })),
  ];
  const added = collections.filter(({ slug }) => !current.collections.includes(slug));
  return surprises({ collections: added, ttls, store: store ?? current.store, isNewStore }, project);
}

interface Answered {
  collections: CollectionAnswer[];
  ttls: { slug: string; ttl?: string }[];
  store?: StoreName;
  isNewStore: boolean;
}

function surprises({ collections, ttls, store, isNewStore }: Answered, project: Project): string[] {
  const notices = collections
    .filter(({ allowAuth }) => allowAuth)
    .map(
      ({ slug }) =>
        `\`${slug}\` has auth and is cached on your word: what it answers may hold data of users.`,
    );
  const isOnWorkers = project.database.kind === 'd1' || project.configShape.cloudflareEnv !== undefined;
  if (store === 'memory' && isNewStore && isOnWorkers) {
    notices.push(
      'Memory is for one process. On Workers each isolate has its own and does not hear of writes in another: it may serve what was there before an edit until the TTL ends.',
    );
  }
  if (store !== 'cloudflare-kv') return notices;
  for (const { slug, ttl } of ttls) {
    if (ttl === undefined || parseDuration(ttl) >= KV_FLOOR) continue;
    notices.push(
      `TTL ${ttl} of ${slug}: Cloudflare KV keeps everything for 60 seconds at least, so such entries are paid for longer than they serve.`,
    );
  }
  if (isNewStore && !project.wrangler)
    notices.push('Cloudflare KV was chosen, and there is no wrangler config.');
  return notices;
}

interface Given {
  answers: Partial<Answers>;
  ttlFor: Map<string, string>;
}

function checkFlags(project: Project, proposal: Proposal, flags: AnswerFlags): Given {
  const answers: Partial<Answers> = {};
  if (flags.collections !== undefined)
    answers.collections = collectionsOf(flags.collections, project, proposal);
  if (flags.globals !== undefined) answers.globals = globalsOf(flags.globals, project);
  if (flags.ttl !== undefined) answers.ttl = checkedTTL(flags.ttl, '--ttl');
  if (flags.store !== undefined) answers.store = checkedStore(flags.store);
  if (flags.registry !== undefined) answers.registry = checkedRegistry(flags.registry);
  if (flags.binding !== undefined) {
    const problem = bindingProblem(flags.binding, project);
    if (problem !== true)
      throw invalid(
        'INVALID_BINDING',
        `--binding: ${problem}`,
        `Take a free name, e.g. ${proposal.binding}.`,
      );
    answers.binding = flags.binding;
  }
  const ttlFor = new Map<string, string>();
  for (const text of flags.ttlFor ?? []) {
    const match = /^(.+)=([^=]*)$/.exec(text);
    if (!match)
      throw invalid(
        'INVALID_FLAG',
        `--ttl-for ${text} is not of the form slug=TTL.`,
        'Write for example --ttl-for posts=10m.',
      );
    const [, slug, ttl] = match as unknown as [string, string, string];
    const known = [...project.schema.collections, ...project.schema.globals].map((it) => it.slug);
    if (!known.includes(slug))
      throw unknown('collection or global', 'UNKNOWN_COLLECTION', slug, '--ttl-for', known);
    ttlFor.set(slug, checkedTTL(ttl, `--ttl-for ${slug}`));
  }
  return { answers, ttlFor };
}

function collectionsOf(flag: string, { schema }: Project, proposal: Proposal): CollectionAnswer[] {
  const known = schema.collections.map(({ slug }) => slug);
  return namesIn(flag, known).map((slug): CollectionAnswer => {
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
    return { slug, slices: sliceCandidates(collection), ...(collection.auth ? { allowAuth: true } : {}) };
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

function checkedTTL(value: string, flag: string): string {
  const ttl = value.trim();
  parseDuration(ttl, flag);
  return ttl;
}

function checkedStore(value: string): StoreName {
  const store = STORES.find((name) => name === value);
  if (!store)
    throw invalid(
      'INVALID_STORE',
      `--store ${value} is none that init can write.`,
      `Choose ${choiceOf(STORES)}.`,
    );
  return store;
}

function checkedRegistry(value: string): RegistryName {
  const registry = REGISTRIES.find((name) => name === value);
  if (!registry)
    throw invalid(
      'INVALID_REGISTRY',
      `--registry ${value} is none that init can write.`,
      `Choose ${choiceOf(REGISTRIES)}.`,
    );
  return registry;
}

/** `a, b or c`. */
function choiceOf(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(' or ');
}

function bindingProblem(name: string, project: Project): string | true {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return `"${name}" is no name for a binding: letters, digits and _ only, and no digit first.`;
  const conflict = bindingConflict(name, project);
  return conflict ? `${conflict}.` : true;
}

function requireFlags({ schema }: Project, { answers }: Given): void {
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

async function askMissing(
  project: Project,
  proposal: Proposal,
  { answers, ttlFor }: Given,
  terminal: Terminal,
  questions: Questions,
  /** What is not to be asked. */
  own: ReadonlySet<string> = new Set(),
): Promise<Answers> {
  const collections =
    answers.collections ??
    (own.has('collections') ? [] : await askCollections(proposal, terminal, questions));
  const globals = answers.globals ?? (own.has('globals') ? [] : await askGlobals(proposal, questions));
  const ttl =
    answers.ttl ??
    (own.has('ttl')
      ? proposal.ttl
      : await questions.text('How long may an entry be served?', proposal.ttl, ttlProblem));
  const withOwnTTL =
    ttlFor.size > 0
      ? { collections, globals }
      : await askTTLs(collections, globals, own.has('ttl') ? 'the default' : ttl, questions);
  if (own.has('store')) return { ...withOwnTTL, ttl, store: proposal.store };
  const store = answers.store ?? (await askStore(proposal.store, questions));
  const binding =
    answers.binding ??
    (store === 'cloudflare-kv' ? await askBinding(project, proposal.binding!, questions) : undefined);
  const registry =
    answers.registry ??
    (store === 'cloudflare-kv' && project.wrangler && !own.has('registry')
      ? await askRegistry(questions, proposal.registry)
      : undefined);
  return {
    ...withOwnTTL,
    ttl,
    store,
    ...(binding ? { binding } : {}),
    ...(registry ? { registry } : {}),
  };
}

async function askCollections(
  proposal: Proposal,
  terminal: Terminal,
  questions: Questions,
): Promise<CollectionAnswer[]> {
  for (const { slug, reason, onRequest } of proposal.notOffered) {
    const hint = onRequest ? ` (--collections names it all the same)` : '';
    terminal.say(`  not offered: ${printable(slug)}, ${reason}${hint}`);
  }
  const offered = offeredOf(proposal, 'collections');
  if (offered.length === 0) return [];
  const choices = offered.map(({ slug, slices, reason }) => ({
    title: printable(slug),
    value: slug,
    description:
      reason !== undefined
        ? `not proposed: ${printable(reason)}`
        : slices.length > 0
          ? `precise for ${slices.join(', ')}`
          : 'any write makes all of its lists stale',
    selected: proposal.chosen?.has(slug) ?? reason === undefined,
  }));
  const chosen = new Set(await questions.selectMany('Which collections are to be cached?', choices));
  return offered.filter(({ slug }) => chosen.has(slug)).map(({ reason: _reason, ...answer }) => answer);
}

/** What is offered, by slug: what is proposed, and what is not with the reason. */
function offeredOf<Kind extends 'collections' | 'globals'>(
  proposal: Proposal,
  kind: Kind,
): (Proposal[Kind][number] & { reason?: string })[] {
  const leftOut = proposal.leftOut[kind].map(({ answer, reason }) => ({ ...answer, reason }));
  return [...proposal[kind], ...leftOut].sort(bySlug);
}

async function askGlobals(proposal: Proposal, questions: Questions): Promise<GlobalAnswer[]> {
  const offered = offeredOf(proposal, 'globals');
  if (offered.length === 0) return [];
  const choices = offered.map(({ slug, reason }) => ({
    title: printable(slug),
    value: slug,
    ...(reason === undefined ? {} : { description: `not proposed: ${printable(reason)}` }),
    selected: proposal.chosen?.has(slug) ?? reason === undefined,
  }));
  const chosen = new Set(await questions.selectMany('Which globals?', choices));
  return offered.filter(({ slug }) => chosen.has(slug)).map(({ slug }) => ({ slug }));
}

async function askTTLs(
  collections: CollectionAnswer[],
  globals: GlobalAnswer[],
  ttl: string,
  questions: Questions,
): Promise<Pick<Answers, 'collections' | 'globals'>> {
  const choices = [...collections, ...globals].map(({ slug }) => ({ title: printable(slug), value: slug }));
  if (choices.length === 0) return { collections, globals };
  const different = await questions.selectMany(
    `Which of them need another TTL than ${ttl}?`,
    choices,
    'space to choose, enter for none',
  );
  const ttls = new Map<string, string>();
  const proposed = ttlProblem(ttl) === true ? ttl : '5m';
  for (const slug of different)
    ttls.set(slug, await questions.text(`TTL of ${printable(slug)}?`, proposed, ttlProblem));
  return withTTLs({ collections, globals }, ttls);
}

function askStore(proposed: StoreName, questions: Questions): Promise<StoreName> {
  const choices = [
    {
      title: 'Cloudflare KV',
      value: 'cloudflare-kv',
      description: 'for sites on Workers; through a binding',
    },
    { title: 'Memory', value: 'memory', description: 'for one Node process' },
    { title: 'Redis', value: 'redis', description: 'for several Node processes' },
  ];
  return questions.select('Where do entries live?', choices, proposed) as Promise<StoreName>;
}

/** A namespace that is bound already may serve as well: the cache's keys are its own. */
async function askBinding(project: Project, proposed: string, questions: Questions): Promise<string> {
  const existing = (project.wrangler?.kvNamespaces ?? []).filter(
    ({ binding }) => bindingProblem(binding, project) === true,
  );
  if (existing.length > 0) {
    const choices = [
      ...(existing.some(({ binding }) => binding === proposed)
        ? []
        : [{ title: 'A new one', value: '', description: `bound as ${proposed} or another name` }]),
      ...existing.map(({ binding, id }) => ({
        title: printable(binding),
        value: binding,
        description: `bound already${id === undefined ? '' : `, ${printable(id)}`}`,
      })),
    ];
    const chosen = await questions.select('Which KV namespace are entries kept in?', choices, proposed);
    if (chosen !== '') return chosen;
  }
  return questions.text('What is the KV namespace bound as?', proposed, (it) => bindingProblem(it, project));
}

function askRegistry(questions: Questions, proposed: RegistryName = 'kv'): Promise<RegistryName> {
  const choices = [
    { title: 'About a minute later', value: 'kv', description: 'nothing more is needed' },
    {
      title: 'At once',
      value: 'durable-object',
      description: 'tag versions in Durable Objects, which each lookup asks',
    },
  ];
  if (proposed === 'database') {
    choices.push({ title: 'As now', value: proposed, description: 'tag versions in the database' });
  }
  return questions.select('How soon is a write seen far away?', choices, proposed) as Promise<RegistryName>;
}

function ttlProblem(value: string): string | true {
  try {
    parseDuration(value, 'A TTL');
    return true;
  } catch {
    return 'Write a duration such as 300, 30s, 5m, 2h or 7d.';
  }
}

/** The same answers with TTLs of their own for some; a TTL for what is not cached is an error. */
function withTTLs<Some extends Pick<Answers, 'collections' | 'globals'>>(
  answers: Some,
  ttls: Map<string, string>,
): Some {
  const chosen = [...answers.collections, ...answers.globals].map(({ slug }) => slug);
  for (const slug of ttls.keys()) {
    if (!chosen.includes(slug)) {
      throw invalid(
        'INVALID_FLAG',
        `--ttl-for ${slug}: it is not among what is cached.`,
        'Name it in --collections or --globals too.',
      );
    }
  }
  const own = <Answer extends { slug: string; ttl?: string }>(answer: Answer): Answer => {
    const ttl = ttls.get(answer.slug);
    return ttl === undefined ? answer : { ...answer, ttl };
  };
  return { ...answers, collections: answers.collections.map(own), globals: answers.globals.map(own) };
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
