/** From flags, proposals and questions to answers. Whatever a flag says is not asked. */
import { PayloadKVError } from '../../errors.js';
import type { Project } from '../../inspect/project.js';
import {
  type Answers,
  offeredOf,
  type Proposal,
  propose,
  proposeBinding,
  proposeTagsBinding,
  REGISTRIES_OF,
} from '../../plan/answers.js';
import type { CurrentAnswers } from '../../plan/wrapper/wrapper-answers.js';
import type { AnswerChanges } from '../../plan/wrapper/wrapper-edit.js';
import type { Questions } from '../terminal/questions.js';
import type { Terminal } from '../terminal/terminal.js';
import {
  type AnswerFlags,
  checkFlags,
  type Given,
  namesAnswer,
  requireCached,
  requireFit,
  requireFlags,
} from './answer-flags.js';
import { askMissing, askPages, withTTLs } from './ask-answers.js';

/**
 * The answers for a project. Asks only on a terminal, and only what no flag says.
 * @throws PayloadKVError `UNKNOWN_COLLECTION`, `UNKNOWN_GLOBAL`, `INTERNAL_COLLECTION`, `INVALID_DURATION`,
 *   `INVALID_REGISTRY`, `INVALID_BINDING`, `INVALID_FLAG`, `MISSING_ANSWERS`, `NO_COLLECTIONS`, `CANCELLED`
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
  const { pages } = asks ? await askedPages(flags, given, questions) : given.answers;
  const shown = given.answers.adminView ? { adminView: true } : {};
  const complete = withRegistry({ ...answers, ...shown, ...(pages ? { pages } : {}) }, project);
  const cached = [...complete.collections, ...complete.globals].map(({ slug }) => slug);
  requireCached(given.ttlFor.keys(), cached);
  return withTTLs(complete, given.ttlFor);
}

/** How pages learn of writes, asked where the flag names no mode. */
async function askedPages(
  flags: AnswerFlags,
  { answers }: Given,
  questions: Questions,
): Promise<Pick<Answers, 'pages'>> {
  if (flags.pages === true) return { pages: await askPages(questions) };
  return answers.pages ? { pages: answers.pages } : {};
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
  if (namesAnswer(flags)) {
    const asks = terminal.interactive && !flags.yes && !flags.dryRun;
    const pages = asks ? await askedPages(flags, given, questions) : {};
    return changesOf({ ...given, answers: { ...given.answers, ...pages } }, current, project);
  }
  if (!terminal.interactive || flags.yes || flags.dryRun) return undefined;
  if (!(await questions.confirm('The cache is set up. Change the answers?', false))) return undefined;
  const own = new Set<string>(current.own);
  if (own.size > 0)
    terminal.say(`  not asked: ${[...own].join(', ')}, which your file has in a way of its own`);
  const answers = await askMissing(project, proposal, given, terminal, questions, own);
  return changesOf(changesGiven(answers, current, proposal, own), current, project);
}

/** Answers to all questions but `own`, as if flags had given them. */
function changesGiven(
  answers: Answers,
  current: CurrentAnswers,
  proposal: Proposal,
  own: ReadonlySet<string>,
): Given {
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
  return { answers: Object.fromEntries(asked), ttlFor };
}

function changesOf({ answers, ttlFor }: Given, current: CurrentAnswers, project: Project): AnswerChanges {
  const store = answers.store ?? current.store;
  const { registry, ...others } = answers;
  if (registry !== undefined && store !== undefined) requireFit(registry, store);
  const cached = [...(answers.collections ?? []), ...(answers.globals ?? [])].map(({ slug }) => slug);
  const known = [
    ...cached,
    ...(answers.collections ? [] : current.collections),
    ...(answers.globals ? [] : current.globals),
  ];
  requireCached(ttlFor.keys(), known);
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
  if (registry === undefined || registry === REGISTRIES_OF[store][0]) return { ...others, store };
  requireFit(registry, store);
  if (registry !== 'durable-object') return { ...others, store, registry };
  return { ...others, store, registry, tagsBinding: proposeTagsBinding(project) };
}
