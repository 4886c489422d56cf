/**
 * Other answers for a wrapper that is there already. It is the user's: each answer is a splice of the one entry that
 * holds it, and what is not written as `init` writes it is left, with the lines to paste.
 */
import type { CodeStyle } from '../../inspect/code-style.js';
import { asObject, valueIn } from '../../inspect/written-value.js';
import {
  type CollectionAnswer,
  type GlobalAnswer,
  type PagesMode,
  REGISTRIES_OF,
  type RegistryName,
  type StoreName,
} from '../answers.js';
import type { Refusal } from '../plan.js';
import { propertyKey, quote } from '../text/literal.js';
import { answersOf, type CurrentAnswers, REGISTRY_CALLS, STORE_CALLS } from './wrapper-answers.js';
import { ADMIN_VIEW, printPages, printPolicy, printTTL } from './wrapper-file.js';
import { type WrapperText, wrapperText } from './wrapper-text.js';

/** Answers that are to be others; what is absent stays. */
export interface AnswerChanges {
  /** All that are to be cached: the others' entries go, those that are there stay as they are. */
  collections?: CollectionAnswer[];
  globals?: GlobalAnswer[];
  /** The default TTL as typed. */
  ttl?: string;
  /** TTLs of their own by slug, as typed. */
  ttlFor: ReadonlyMap<string, string>;
  store?: StoreName;
  registry?: RegistryName;
  /** The KV namespace's binding. */
  binding?: string;
  /** The Durable Objects' binding. */
  tagsBinding?: string;
  /** How pages learn of writes. */
  pages?: PagesMode;
  /** Whether the admin panel shows the cache. */
  adminView?: boolean;
}

/** The wrapper with other answers, and what could not be changed. */
export interface WrapperEdit {
  text: string;
  refusals: Refusal[];
}

/** Changes the answers in a wrapper. */
export function changeAnswers(
  before: string,
  path: string,
  changes: AnswerChanges,
  projectStyle: CodeStyle,
): WrapperEdit {
  const wrapper = wrapperText(before, path, projectStyle);
  if (changes.store !== undefined) changeStore(wrapper, changes.store, changes.binding ?? 'PAYLOAD_CACHE');
  if (changes.binding !== undefined) changeBinding(wrapper, changes.binding);
  if (changes.registry !== undefined) {
    const store = changes.store ?? answersBy(wrapper)?.store;
    changeRegistry(wrapper, changes.registry, store, changes.tagsBinding);
  } else if (changes.store !== undefined) dropRegistryThatDoesNotFit(wrapper, changes.store);
  if (changes.pages !== undefined) changePages(wrapper, changes.pages);
  if (changes.adminView !== undefined) changeAdminView(wrapper, changes.adminView);
  if (changes.ttl !== undefined && changes.ttl !== wrapper.shape()?.ttl) {
    const isLiteral = ({ kind }: { kind: string }) => kind === 'text' || kind === 'number';
    wrapper.setOption('ttl', printTTL(changes.ttl), isLiteral);
  }
  if (changes.collections) changePolicies(wrapper, 'collections', changes.collections);
  if (changes.globals) changePolicies(wrapper, 'globals', changes.globals);
  for (const [slug, ttl] of changes.ttlFor) changeTTL(wrapper, slug, ttl);
  return { text: wrapper.current(), refusals: wrapper.refusals };
}

/** The answers as they are by now. */
function answersBy(wrapper: WrapperText): CurrentAnswers | undefined {
  const shape = wrapper.shape();
  return shape && answersOf(shape);
}

// ---- store and registry -------------------------------------------------------------------------------------------

function changeStore(wrapper: WrapperText, store: StoreName, binding: string): void {
  const current = answersBy(wrapper)?.store;
  if (current === store) return;
  const { call, module } = STORE_CALLS[store];
  const args = store === 'cloudflare-kv' ? bound(wrapper, binding) : '';
  if (!wrapper.setOption('store', `${call}(${args})`, () => current !== undefined)) return;
  wrapper.addImport(call, module);
  if (current) wrapper.dropImport(STORE_CALLS[current].call);
}

/** The options of what reads a binding. */
function bound(wrapper: WrapperText, binding: string): string {
  return `{ binding: ${quote(binding)}${wrapper.shape()?.takesEnv ? ', env' : ''} }`;
}

function changeBinding(wrapper: WrapperText, binding: string): void {
  const { options } = wrapper.shape() ?? {};
  const store = valueIn(options, 'store');
  if (!store || answersBy(wrapper)?.store !== 'cloudflare-kv') return;
  const value = valueIn(store.kind === 'call' ? asObject(store.arguments[0]) : undefined, 'binding');
  const code = quote(binding, wrapper.style.quotes);
  if (value?.kind !== 'text')
    wrapper.refuse('The binding of the store is no literal.', `binding: ${code}`, store);
  else if (value.text !== binding) wrapper.replace(value, code);
}

function changeRegistry(
  wrapper: WrapperText,
  registry: RegistryName,
  store: StoreName | undefined,
  tagsBinding?: string,
): void {
  const current = answersBy(wrapper)?.registry;
  const written = REGISTRY_CALLS[registry];
  const ofStore = store !== undefined && REGISTRIES_OF[store][0] === registry;
  if (ofStore || !written) {
    const value = valueIn(wrapper.shape()?.options, 'registry');
    if (!value) return;
    if (!current) wrapper.refuse('`registry` is not written as init writes it.', 'registry', value);
    else dropRegistry(wrapper, current);
    return;
  }
  if (current === registry) return;
  const args = registry === 'durable-object' ? bound(wrapper, tagsBinding!) : '';
  if (!wrapper.setOption('registry', `${written.call}(${args})`, () => current !== undefined)) return;
  wrapper.addImport(written.call, written.module);
  if (current) wrapper.dropImport(REGISTRY_CALLS[current]!.call);
}

function dropRegistryThatDoesNotFit(wrapper: WrapperText, store: StoreName): void {
  const current = answersBy(wrapper)?.registry;
  if (current && (!REGISTRIES_OF[store].includes(current) || REGISTRIES_OF[store][0] === current))
    dropRegistry(wrapper, current);
}

function dropRegistry(wrapper: WrapperText, current: RegistryName): void {
  const { options } = wrapper.shape() ?? {};
  const index = options?.members.findIndex(({ name }) => name === 'registry') ?? -1;
  if (!options || index === -1) return;
  wrapper.remove(options, index);
  wrapper.dropImport(REGISTRY_CALLS[current]!.call);
}

function changePages(wrapper: WrapperText, mode: PagesMode): void {
  const value = valueIn(wrapper.shape()?.options, 'pages');
  const isOurs = value?.kind === 'call' && value.callee === 'nextPages';
  const revalidate = isOurs ? valueIn(asObject(value.arguments[0]), 'revalidate') : undefined;
  if (revalidate?.kind === 'text') {
    // The address of the site, beside it, stays.
    if (revalidate.text !== mode) wrapper.replace(revalidate, quote(mode, wrapper.style.quotes));
  } else if (wrapper.setOption('pages', printPages(mode), () => false))
    wrapper.addImport('nextPages', 'payload-kv/next');
}

function changeAdminView(wrapper: WrapperText, isShown: boolean): void {
  const { options } = wrapper.shape() ?? {};
  const value = valueIn(options, 'observe');
  if (!value) {
    if (isShown && wrapper.setOption('observe', ADMIN_VIEW, () => false))
      wrapper.addImport('observe', 'payload-kv/observe');
    return;
  }
  const own = value.kind === 'call' && value.callee === 'observe' ? value.arguments : undefined;
  const observing = asObject(own?.[0]);
  if (!own || (own.length > 0 && !observing)) {
    wrapper.refuse('`observe` is not written as init writes it.', `adminView: ${isShown},`, value);
    return;
  }
  const setting = valueIn(observing, 'adminView');
  if (isShown) {
    if (!observing) wrapper.replace(value, wrapper.styled(ADMIN_VIEW));
    else if (!setting) wrapper.insert(observing, 'adminView: true');
    else wrapper.replace(setting, 'true');
    return;
  }
  if (!setting || !observing || !options) return;
  // Whoever has more to say there goes on watching.
  if (observing.members.length > 1) {
    const index = observing.members.findIndex(({ name }) => name === 'adminView');
    wrapper.remove(observing, index);
    return;
  }
  wrapper.remove(
    options,
    options.members.findIndex(({ name }) => name === 'observe'),
  );
  wrapper.dropImport('observe');
}

// ---- policies -----------------------------------------------------------------------------------------------------

function changePolicies(
  wrapper: WrapperText,
  type: 'collections' | 'globals',
  answers: readonly (CollectionAnswer | GlobalAnswer)[],
): void {
  const lines = (list: typeof answers) =>
    list.map((it) => wrapper.styled(`{ ${entryOf(it)} }`).replace(/^\{\s*|,?\s*\}$/g, ''));
  const entries = wrapper.shape()?.[type]?.entries;
  if (!entries) {
    const paste = `${type}: { ${lines(answers).join(', ')} },`;
    wrapper.refuse(`\`${type}\` is no object literal.`, paste);
    return;
  }
  const [known, chosen] = [entries, answers].map((list) => new Set(list.map(({ slug }) => slug)));
  for (const { slug } of entries.filter((entry) => !chosen!.has(entry.slug))) {
    const object = wrapper.shape()![type]!;
    const index = object.members.findIndex(({ name }) => name === slug);
    wrapper.remove(object, index);
  }
  for (const line of lines(answers.filter(({ slug }) => !known!.has(slug))))
    wrapper.insert(wrapper.shape()![type]!, line, { ownLine: true });
}

function entryOf(answer: CollectionAnswer | GlobalAnswer): string {
  return `${propertyKey(answer.slug)}: ${printPolicy(answer)}`;
}

function changeTTL(wrapper: WrapperText, slug: string, ttl: string): void {
  const code = wrapper.styled(printTTL(ttl));
  const { collections, globals } = wrapper.shape() ?? {};
  const members = [collections, globals].flatMap((it) => it?.members ?? []);
  const member = members.find(({ name }) => name === slug);
  const policy = asObject(member?.value);
  if (!policy) {
    wrapper.refuse(
      `\`${slug}\` has no entry that is an object literal.`,
      `${propertyKey(slug, wrapper.style.quotes)}: { ttl: ${code} },`,
      member,
    );
    return;
  }
  const current = valueIn(policy, 'ttl');
  if (!current) {
    const [first] = policy.members;
    const isCommented = first && /\/[/*]/.test(wrapper.textOf({ start: first.fullStart, end: first.start }));
    wrapper.insert(policy, `ttl: ${code}`, first && !isCommented ? { before: 0 } : {});
  } else if (current.kind !== 'text' && current.kind !== 'number')
    wrapper.refuse(`The TTL of \`${slug}\` is no literal.`, `ttl: ${code},`, current);
  else if (wrapper.textOf(current) !== code) wrapper.replace(current, code);
}
