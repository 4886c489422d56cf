/**
 * Other answers for a wrapper that is there already. It is the user's: each answer is a splice of the one entry that
 * holds it, and what is not written as `init` writes it is left, with the lines to paste.
 */
import { ts } from 'ts-morph';
import { type CodeStyle, detectCodeStyle } from '../inspect/code-style.js';
import { propertyName } from '../inspect/property-name.js';
import {
  type CollectionAnswer,
  type GlobalAnswer,
  REGISTRIES_OF,
  type RegistryName,
  type StoreName,
} from './answers.js';
import { propertyKey, quote } from './literal.js';
import type { Refusal } from './plan.js';
import { restyle } from './restyle.js';
import { applyEdits, insertMember, lineAt } from './splice.js';
import { removeMember } from './splice-out.js';
import { printPolicy, printTTL } from './wrapper-file.js';
import { readWrapperShape } from './wrapper-shape.js';

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
}

/** The wrapper with other answers, and what could not be changed. */
export interface WrapperEdit {
  text: string;
  refusals: Refusal[];
}

/** How `init` writes a store or a registry. */
interface Written {
  call: string;
  module: string;
}

const STORE_CALLS: Readonly<Record<StoreName, Written>> = {
  'cloudflare-kv': { call: 'cloudflareKV', module: 'payload-kv/cloudflare' },
  memory: { call: 'memory', module: 'payload-kv' },
  redis: { call: 'redis', module: 'payload-kv/redis' },
};
const REGISTRY_CALLS: Readonly<Partial<Record<RegistryName, Written>>> = {
  'durable-object': { call: 'durableObjectRegistry', module: 'payload-kv/cloudflare' },
  database: { call: 'databaseRegistry', module: 'payload-kv' },
  redis: { call: 'redisRegistry', module: 'payload-kv/redis' },
};

/** What a wrapper answers, as far as it is written as `init` writes it. */
export interface CurrentAnswers {
  store?: StoreName;
  registry?: RegistryName;
  binding?: string;
  ttl?: string;
  collections: string[];
  globals: string[];
  /** Options that are written in a way of somebody's own: nobody is to be asked about those. */
  own: ('store' | 'registry' | 'ttl' | 'collections' | 'globals')[];
}

/** The options of `payloadKV` in the order in which `init` writes them. */
const ORDER = ['store', 'registry', 'ttl', 'collections', 'globals', 'hooks', 'schema'];

/** Reads the answers out of a wrapper; `undefined` where it calls no `payloadKV`. */
export function answersIn(text: string, path: string): CurrentAnswers | undefined {
  const shape = readWrapperShape(text, path);
  if (!shape) return undefined;
  const named = <Name extends string>(calls: Partial<Record<Name, Written>>, call: string | undefined) =>
    (Object.keys(calls) as Name[]).find((name) => calls[name]?.call === call);
  const store = named(STORE_CALLS, shape.store);
  const registry = named(REGISTRY_CALLS, shape.registry);
  const isOwn = {
    store: shape.options.includes('store') && store === undefined,
    registry: shape.options.includes('registry') && registry === undefined,
    ttl: shape.options.includes('ttl') && shape.ttl === undefined,
    // Without the option everything is cached; spreads hold what nobody can name here.
    collections: shape.collections?.open !== false,
    globals: shape.globals?.open !== false,
  };
  const own = (Object.keys(isOwn) as (keyof typeof isOwn)[]).filter((name) => isOwn[name]);
  return {
    own,
    ...(store ? { store } : {}),
    ...(registry ? { registry } : {}),
    ...(shape.binding === undefined ? {} : { binding: shape.binding }),
    ...(shape.ttl === undefined ? {} : { ttl: shape.ttl }),
    collections: shape.collections?.entries.map(({ slug }) => slug) ?? [],
    globals: shape.globals?.entries.map(({ slug }) => slug) ?? [],
  };
}

/** Changes the answers in a wrapper. */
export function changeAnswers(
  before: string,
  path: string,
  changes: AnswerChanges,
  projectStyle: CodeStyle,
): WrapperEdit {
  // The file's own habits, where they are not the project's.
  const style = detectCodeStyle(
    [ts.createSourceFile(path, before, ts.ScriptTarget.Latest, true)],
    projectStyle,
  );
  const refusals: Refusal[] = [];
  let text = before;
  const refuse = (reason: string, paste: string, at?: ts.Node) =>
    refusals.push({ path, reason, paste, ...(at ? { line: lineAt(text, at.getStart()) } : {}) });

  if (changes.store !== undefined) changeStore(changes.store, changes.binding ?? 'PAYLOAD_CACHE');
  if (changes.binding !== undefined) changeBinding(changes.binding);
  const store = changes.store ?? answersIn(text, path)?.store;
  if (changes.registry !== undefined) changeRegistry(changes.registry, store, changes.tagsBinding);
  else if (changes.store !== undefined) dropRegistryThatDoesNotFit(changes.store);
  if (changes.ttl !== undefined && changes.ttl !== readWrapperShape(text, path)?.ttl)
    setValue('ttl', printTTL(changes.ttl), isLiteral);
  if (changes.collections) changePolicies('collections', changes.collections);
  if (changes.globals) changePolicies('globals', changes.globals);
  for (const [slug, ttl] of changes.ttlFor) changeTTL(slug, ttl);
  return { text, refusals };

  /** The options of `payloadKV` in the text as it is by now. */
  function options(): { object: ts.ObjectLiteralExpression; source: ts.SourceFile } | undefined {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const find = (node: ts.Node): ts.CallExpression | undefined =>
      ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'payloadKV'
        ? node
        : ts.forEachChild(node, find);
    const object = find(source)?.arguments[0];
    return object && ts.isObjectLiteralExpression(object) ? { object, source } : undefined;
  }

  function styled(code: string): string {
    const wrapped = restyle(`(${code})`, { ...style, lineEnding: '\n' });
    return wrapped.slice(1, wrapped.lastIndexOf(')'));
  }

  function put(at: ts.Node, code: string): void {
    text = text.slice(0, at.getStart()) + code + text.slice(at.getEnd());
  }

  /** Sets a property of the options whose value may be replaced, or adds it before the policies. */
  function setValue(name: string, code: string, isReplaceable: (node: ts.Expression) => boolean): void {
    const found = options();
    if (!found) return;
    const value = propertyOf(found.object, name);
    if (value && !isReplaceable(value)) {
      refuse(`\`${name}\` is not written as init writes it.`, `${name}: ${styled(code)},`, value);
    } else if (value) {
      if (value.getText() !== styled(code)) put(value, styled(code));
    } else {
      // Behind what it follows, so that a comment above the next one stays there.
      const { properties } = found.object;
      const before = ORDER.slice(0, ORDER.indexOf(name));
      const after = properties.findLastIndex((it) => before.includes(nameOf(it) ?? ''));
      const span = spanOf(found.object, properties);
      const list = after === -1 ? span : { ...span, members: span.members.slice(0, after + 1) };
      const edits = insertMember(text, list, `${name}: ${styled(code)}`, {
        ...style,
        trailingComma: style.trailingCommas,
        ...(after === -1 && properties.length > 0 ? { before: 0 } : {}),
      });
      text = applyEdits(text, edits);
    }
  }

  function changeStore(store: StoreName, binding: string): void {
    const current = answersIn(text, path)?.store;
    if (current === store) return;
    const takesEnv = readWrapperShape(text, path)?.takesEnv === true;
    const { call, module } = STORE_CALLS[store];
    const args = store === 'cloudflare-kv' ? `{ binding: ${quote(binding)}${takesEnv ? ', env' : ''} }` : '';
    const isOurs = () => current !== undefined;
    const count = refusals.length;
    setValue('store', `${call}(${args})`, isOurs);
    if (refusals.length > count) return;
    addImport(call, module);
    if (current) dropImport(STORE_CALLS[current].call);
  }

  function changeBinding(binding: string): void {
    const found = options();
    const call = found && propertyOf(found.object, 'store');
    const argument = call && ts.isCallExpression(call) ? call.arguments[0] : undefined;
    if (!call || answersIn(text, path)?.store !== 'cloudflare-kv') return;
    const value =
      argument && ts.isObjectLiteralExpression(argument) ? propertyOf(argument, 'binding') : undefined;
    if (value && ts.isStringLiteralLike(value)) {
      if (value.text !== binding) put(value, quote(binding, style.quotes));
    } else
      refuse('The binding of the store is no literal.', `binding: ${quote(binding, style.quotes)}`, call);
  }

  function changeRegistry(registry: RegistryName, store: StoreName | undefined, tagsBinding?: string): void {
    const found = options();
    const value = found && propertyOf(found.object, 'registry');
    const current = answersIn(text, path)?.registry;
    const written = REGISTRY_CALLS[registry];
    const ofStore = store !== undefined && REGISTRIES_OF[store][0] === registry;
    if (ofStore || !written) {
      if (!found || !value) return;
      if (!current) refuse('`registry` is not written as init writes it.', 'registry', value);
      else dropRegistry(current);
      return;
    }
    if (current === registry) return;
    const takesEnv = readWrapperShape(text, path)?.takesEnv === true;
    const args =
      registry === 'durable-object' ? `{ binding: ${quote(tagsBinding!)}${takesEnv ? ', env' : ''} }` : '';
    const count = refusals.length;
    setValue('registry', `${written.call}(${args})`, () => current !== undefined);
    if (refusals.length > count) return;
    addImport(written.call, written.module);
    if (current) dropImport(REGISTRY_CALLS[current]!.call);
  }

  function dropRegistryThatDoesNotFit(store: StoreName): void {
    const current = answersIn(text, path)?.registry;
    if (current && (!REGISTRIES_OF[store].includes(current) || REGISTRIES_OF[store][0] === current))
      dropRegistry(current);
  }

  function dropRegistry(current: RegistryName): void {
    const found = options();
    const members = found?.object.properties;
    const index = members?.findIndex((it) => nameOf(it) === 'registry') ?? -1;
    if (!found || !members || index === -1) return;
    text = removeMember(text, spanOf(found.object, members), index);
    dropImport(REGISTRY_CALLS[current]!.call);
  }

  function changePolicies(
    type: 'collections' | 'globals',
    answers: readonly (CollectionAnswer | GlobalAnswer)[],
  ) {
    const chosen = new Set(answers.map(({ slug }) => slug));
    const shape = readWrapperShape(text, path)?.[type];
    const lines = (list: typeof answers) =>
      list.map((it) => styled(`{ ${entryOf(it)} }`).replace(/^\{\s*|,?\s*\}$/g, ''));
    if (!shape) {
      refuse(`\`${type}\` is no object literal.`, `${type}: { ${lines(answers).join(', ')} },`);
      return;
    }
    for (const { slug } of shape.entries.filter((entry) => !chosen.has(entry.slug))) {
      const object = objectOf(type)!;
      const index = object.properties.findIndex((it) => nameOf(it) === slug);
      text = removeMember(text, spanOf(object, object.properties), index);
    }
    const known = new Set(shape.entries.map(({ slug }) => slug));
    for (const line of lines(answers.filter(({ slug }) => !known.has(slug)))) {
      const object = objectOf(type)!;
      const edits = insertMember(text, spanOf(object, object.properties), line, {
        ...style,
        trailingComma: style.trailingCommas,
        ownLine: true,
      });
      text = applyEdits(text, edits);
    }
  }

  function objectOf(type: string): ts.ObjectLiteralExpression | undefined {
    const found = options();
    const value = found && propertyOf(found.object, type);
    return value && ts.isObjectLiteralExpression(value) ? value : undefined;
  }

  function changeTTL(slug: string, ttl: string): void {
    const code = styled(printTTL(ttl));
    const member = (['collections', 'globals'] as const)
      .flatMap((type) => objectOf(type)?.properties ?? [])
      .find((it) => nameOf(it) === slug);
    const value = member && ts.isPropertyAssignment(member) ? unwrapped(member.initializer) : undefined;
    if (!value || !ts.isObjectLiteralExpression(value)) {
      refuse(
        `\`${slug}\` has no entry that is an object literal.`,
        `${propertyKey(slug, style.quotes)}: { ttl: ${code} },`,
        member,
      );
      return;
    }
    const current = propertyOf(value, 'ttl');
    if (current && !isLiteral(current)) {
      refuse(`The TTL of \`${slug}\` is no literal.`, `ttl: ${code},`, current);
    } else if (current) {
      if (current.getText() !== code) put(current, code);
    } else {
      const [first] = value.properties;
      const isCommented = first !== undefined && /\/[/*]/.test(text.slice(first.pos, first.getStart()));
      const place = first && !isCommented ? { before: 0 } : {};
      const edits = insertMember(text, spanOf(value, value.properties), `ttl: ${code}`, {
        ...style,
        trailingComma: style.trailingCommas,
        ...place,
      });
      text = applyEdits(text, edits);
    }
  }

  function addImport(name: string, module: string): void {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const imports = source.statements.filter(ts.isImportDeclaration);
    const from = imports.find(
      (it) =>
        ts.isStringLiteral(it.moduleSpecifier) &&
        it.moduleSpecifier.text === module &&
        !it.importClause?.isTypeOnly &&
        it.importClause?.namedBindings !== undefined &&
        ts.isNamedImports(it.importClause.namedBindings),
    );
    const bindings = from?.importClause?.namedBindings;
    if (bindings && ts.isNamedImports(bindings)) {
      const names = bindings.elements.map((it) => it.name.text);
      if (names.includes(name)) return;
      const next = names.findIndex((it) => it > name);
      const edits = insertMember(text, spanOf(bindings, bindings.elements), name, {
        ...style,
        trailingComma: false,
        ...(next === -1 ? {} : { before: next }),
      });
      text = applyEdits(text, edits);
      return;
    }
    const last = imports.filter(isOfPackage).at(-1);
    const line = restyle(`import { ${name} } from '${module}';`, { ...style, lineEnding: '\n' });
    const at = last ? last.end : 0;
    text = text.slice(0, at) + (last ? style.lineEnding + line : line + style.lineEnding) + text.slice(at);
  }

  /** Takes a name out of the imports once nothing uses it. */
  function dropImport(name: string): void {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    let uses = 0;
    const count = (node: ts.Node): void => {
      if (ts.isIdentifier(node) && node.text === name && !ts.isImportSpecifier(node.parent)) uses++;
      ts.forEachChild(node, count);
    };
    count(source);
    if (uses > 0) return;
    for (const statement of source.statements.filter(ts.isImportDeclaration)) {
      const bindings = statement.importClause?.namedBindings;
      if (!bindings || !ts.isNamedImports(bindings) || !isOfPackage(statement)) continue;
      const index = bindings.elements.findIndex(
        (it) => it.name.text === name && it.propertyName === undefined,
      );
      if (index === -1) continue;
      if (bindings.elements.length > 1) text = removeMember(text, spanOf(bindings, bindings.elements), index);
      else {
        const rest = /^[ \t]*\r?\n/.exec(text.slice(statement.end))?.[0] ?? '';
        text = text.slice(0, statement.getStart()) + text.slice(statement.end + rest.length);
      }
      return;
    }
  }
}

/** Whether an import is of this package: one of the same name from elsewhere is the person's. */
function isOfPackage({ moduleSpecifier }: ts.ImportDeclaration): boolean {
  return ts.isStringLiteral(moduleSpecifier) && /^payload-kv(\/|$)/.test(moduleSpecifier.text);
}

function entryOf(answer: CollectionAnswer | GlobalAnswer): string {
  return `${propertyKey(answer.slug)}: ${printPolicy(answer)}`;
}

function nameOf(member: ts.ObjectLiteralElementLike): string | undefined {
  return member.name && propertyName(member.name);
}

function propertyOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const member of object.properties) {
    if (ts.isPropertyAssignment(member) && propertyName(member.name) === name)
      return unwrapped(member.initializer);
    if (ts.isShorthandPropertyAssignment(member) && member.name.text === name) return member.name;
  }
  return undefined;
}

function unwrapped(node: ts.Expression): ts.Expression {
  return ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)
    ? unwrapped(node.expression)
    : node;
}

function isLiteral(node: ts.Expression): boolean {
  return ts.isStringLiteralLike(node) || ts.isNumericLiteral(node);
}

function spanOf(list: ts.Node, members: ts.NodeArray<ts.Node>) {
  return {
    start: list.getStart(),
    end: list.end,
    members: members.map((it) => ({ start: it.getStart(), end: it.end })),
  };
}
