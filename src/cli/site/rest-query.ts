/** A query as it is written for Payload's REST API, as the arguments of the Local API that it becomes. */
import { PayloadKVError } from '../../errors.js';
import { printable } from '../terminal/terminal.js';
import type { Question } from './source.js';
import { namedBy } from './target.js';

/** Brackets in one name, and parameters: nobody writes more by hand. */
const [MOST_STEPS, MOST_PARAMETERS] = [20, 500];

/** A query of what is named, or of an address of the REST API. */
export interface Asked {
  /** A collection or global, with the id of a document; whether it is a global is not always known. */
  name: string;
  id?: string;
  isGlobal: boolean;
  operation?: 'count';
  /** Further arguments. */
  args: Question;
  /** The REST API, where a whole address was given. */
  api?: string;
}

/**
 * `posts`, `posts#5` or `@header` with a query, or an address such as `http://localhost:3000/api/posts/5?depth=1`.
 *
 * @param api the REST API that is asked, without a slash at the end, if it is known
 * @throws PayloadKVError `USAGE`
 */
export function askedBy(text: string, query: string | undefined, api: string | undefined): Asked {
  if (!/^(https?:\/)?\//i.test(text)) return { ...namedBy(text), args: argumentsOf(query ?? '') };
  if (query !== undefined) throw unusable(text, 'An address has its query in itself.');
  if (!URL.canParse(text, 'http://site')) throw unusable(text, 'It is no address.');
  const address = new URL(text, 'http://site');
  const isWhole = /^https?:/i.test(text);
  const whole = `${address.origin}${address.pathname}`;
  const own = isWhole && api !== undefined && whole.startsWith(`${api}/`) ? api : undefined;
  const path = api === undefined ? undefined : new URL(api).pathname;
  const base =
    own === undefined
      ? !isWhole && path !== undefined && address.pathname.startsWith(`${path}/`)
        ? path
        : /^.*?\/api(?=\/)/.exec(address.pathname)?.[0]
      : new URL(own).pathname;
  if (base === undefined)
    throw unusable(
      text,
      'It is no address of the REST API.',
      'Name that with --url, e.g. --url http://localhost:3000/rest.',
    );
  const steps = address.pathname
    .slice(base.length + 1)
    .split('/')
    .filter((step) => step !== '')
    .map(decodeURIComponent);
  const args = argumentsOf(address.search.slice(1));
  const found = { args, ...(isWhole ? { api: `${address.origin}${base}` } : {}) };
  const [first, second, third] = steps;
  if (first === 'globals' && second !== undefined && third === undefined)
    return { name: second, isGlobal: true, ...found };
  if (first === undefined || third !== undefined || first === 'globals')
    throw unusable(text, 'It is neither a list, nor a document, nor a global.');
  if (second === 'count') return { name: first, isGlobal: false, operation: 'count', ...found };
  return { name: first, isGlobal: false, ...(second === undefined ? {} : { id: second }), ...found };
}

/** Whether a text is an address or a path, and no name. */
export const isAddress = (text: string): boolean => /^(https?:\/)?\//i.test(text);

/** The arguments of the Local API that the parameters of a query become in Payload's REST API. */
export function argumentsOf(query: string): Question {
  const parsed = nested(query.replace(/^\?/, ''));
  const args: Question = {};
  for (const [name, value] of Object.entries(parsed)) {
    switch (name) {
      case 'where':
      case 'select':
      case 'populate':
      case 'joins':
        args[name] = name === 'where' ? value : withBooleans(value);
        break;
      case 'limit':
      case 'page':
      case 'depth':
        if (Number.isFinite(Number(value))) args[name] = Number(value);
        break;
      case 'draft':
      case 'pagination':
      case 'trash':
        args[name] = value === 'true';
        break;
      case 'sort':
        args.sort = typeof value === 'string' ? value.split(',') : value;
        break;
      case 'locale':
        args.locale = value;
        break;
      case 'fallback-locale':
      case 'fallbackLocale':
        args.fallbackLocale = value;
        break;
      default:
        throw unusable(name, 'The REST API has no such parameter.');
    }
  }
  return args;
}

type Tree = { [name: string]: string | Tree | (string | Tree)[] };

/** `a[b][]=1&a[b][]=2` as an object. Lists are those whose names are all numbers, or none. */
function nested(query: string): Tree {
  const root: Tree = Object.create(null);
  const parameters = [...new URLSearchParams(query)];
  if (parameters.length > MOST_PARAMETERS) throw unusable(query.slice(0, 40), 'It has too many parameters.');
  for (const [whole, value] of parameters) {
    const first = /^[^[]+/.exec(whole)?.[0];
    const rest = whole.slice(first?.length ?? 0);
    if (first === undefined || !/^(\[[^[\]]*\])*$/.test(rest)) throw unusable(whole, 'It is no parameter.');
    const steps = [first, ...[...rest.matchAll(/\[([^[\]]*)\]/g)].map(([, step]) => step!)];
    if (steps.length > MOST_STEPS) throw unusable(whole, 'It is too deep.');
    let at = root;
    for (const [index, step] of steps.entries()) {
      const name = step === '' ? String(Object.keys(at).length) : step;
      if (index === steps.length - 1) {
        if (typeof at[name] === 'object') throw unusable(whole, 'It is given twice.');
        at[name] = value;
      } else {
        if (typeof at[name] === 'string') throw unusable(whole, 'It is given twice.');
        at[name] ??= Object.create(null) as Tree;
        at = at[name] as Tree;
      }
    }
  }
  return listed(root) as Tree;
}

function listed(value: Tree[string]): Tree[string] {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([name, each]): [string, Tree[string]] => [name, listed(each)]);
  if (entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name)))
    return entries.map(([, each]) => each as string | Tree);
  return Object.fromEntries(entries);
}

function withBooleans(value: Tree[string]): unknown {
  if (value === 'true' || value === 'false') return value === 'true';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(withBooleans);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withBooleans(each)]));
}

function unusable(
  what: string,
  why: string,
  nextStep = "Write it as for the REST API, e.g. 'where[slug][equals]=hello&limit=1'.",
): PayloadKVError {
  return new PayloadKVError({ code: 'USAGE', message: `\`${printable(what)}\`: ${why}`, nextStep });
}
