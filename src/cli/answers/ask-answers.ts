/** The questions of `init`: what no flag says is asked, each with the proposal to agree to. */
import type { Project } from '../../inspect/project.js';
import {
  type Answers,
  type CollectionAnswer,
  type GlobalAnswer,
  offeredOf,
  type PagesMode,
  type Proposal,
  type RegistryName,
  type StoreName,
} from '../../plan/answers.js';
import type { Questions } from '../terminal/questions.js';
import { printable, type Terminal } from '../terminal/terminal.js';
import { bindingProblem, type Given, ttlProblem } from './answer-flags.js';

/** Asks what is not given; `own` is not asked, as the wrapper has it in a way of its own. */
export async function askMissing(
  project: Project,
  proposal: Proposal,
  { answers, ttlFor, hasAllTTLs = false }: Given,
  terminal: Terminal,
  questions: Questions,
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
    ttlFor.size > 0 || hasAllTTLs
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
  const choices = offered.map(({ slug, slices, allowAuth, reason }) => ({
    title: printable(slug),
    value: slug,
    description: describe(slices, allowAuth, reason),
    selected: proposal.chosen?.has(slug) ?? reason === undefined,
  }));
  const chosen = new Set(await questions.selectMany('Which collections are to be cached?', choices));
  return offered.filter(({ slug }) => chosen.has(slug)).map(({ reason: _reason, ...answer }) => answer);
}

function describe(
  slices: string[],
  allowAuth: CollectionAnswer['allowAuth'],
  reason: string | undefined,
): string {
  if (reason !== undefined) return `not proposed: ${printable(reason)}`;
  if (allowAuth) return 'has auth: without hidden fields and sessions';
  return slices.length > 0 ? `precise for ${slices.join(', ')}` : 'any write makes all of its lists stale';
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

/** The same answers with TTLs of their own for some. */
export function withTTLs<Some extends Pick<Answers, 'collections' | 'globals'>>(
  answers: Some,
  ttls: ReadonlyMap<string, string>,
): Some {
  const own = <Answer extends { slug: string; ttl?: string }>(answer: Answer): Answer => {
    const ttl = ttls.get(answer.slug);
    return ttl === undefined ? answer : { ...answer, ttl };
  };
  return { ...answers, collections: answers.collections.map(own), globals: answers.globals.map(own) };
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

/** How the pages of a Next site learn of writes. */
export function askPages(questions: Questions): Promise<PagesMode> {
  const choices = [
    { title: 'Next is told', value: 'push', description: 'pages lie where they do now; for one server' },
    {
      title: 'By a cache handler',
      value: 'handler',
      description: 'pages lie in the store; for several servers, and no write is lost',
    },
  ];
  return questions.select('How do pages learn of writes?', choices, 'push') as Promise<PagesMode>;
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
