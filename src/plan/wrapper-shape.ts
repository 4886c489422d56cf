/** What a `payload-kv/index.ts` says, read without running it: the user may have changed it in every way. */
import { ts } from 'ts-morph';
import type { Span } from '../inspect/config-shape/shape.js';
import { propertyName } from '../inspect/property-name.js';
import { lineAt } from './splice.js';

/** One entry of `collections` or `globals`. */
export interface PolicyShape {
  slug: string;
  /** Line in the file, counted from 1. */
  line: number;
  /** Slice fields, as far as they are literal. */
  slices: string[];
  allowAuth: boolean;
}

/** An object literal of policies and its place. */
export interface PoliciesShape extends Span {
  entries: PolicyShape[];
  members: Span[];
  /** Whether it holds spreads or computed keys, so that its entries are not all known. */
  open: boolean;
}

/** What a `payload-kv/index.ts` says. */
export interface WrapperShape {
  /** The store's function as called, e.g. `cloudflareKV`; absent where it is no call. */
  store?: string;
  /** `binding` of the store, if it's a literal. */
  binding?: string;
  /** The registry's function as called, e.g. `durableObjectRegistry`. */
  registry?: string;
  /** `binding` of the registry, if it's a literal. */
  tagsBinding?: string;
  /** The default TTL as typed, if it's a literal. */
  ttl?: string;
  /** Whether `cache` is a function, to be called with the Cloudflare env. */
  takesEnv: boolean;
  /** Whether the file exports `cache` by name. */
  exportsCache: boolean;
  collections?: PoliciesShape;
  globals?: PoliciesShape;
  /** Names of all options that are given, in whichever way. */
  options: string[];
}

/** Reads a wrapper; `undefined` where it calls no `payloadKV`. */
export function readWrapperShape(text: string, path = 'index.ts'): WrapperShape | undefined {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const call = findCall(source, 'payloadKV');
  const options = call?.arguments[0];
  if (!options || !ts.isObjectLiteralExpression(options)) return undefined;

  const cache = exportedConst(source, 'cache');
  const store = property(options, 'store');
  const binding = store && ts.isCallExpression(store) ? bindingOf(store) : undefined;
  const registry = property(options, 'registry');
  const ttl = property(options, 'ttl');
  const tagsBinding = registry && ts.isCallExpression(registry) ? bindingOf(registry) : undefined;
  return {
    ...(store && ts.isCallExpression(store) ? { store: store.expression.getText(source) } : {}),
    ...(binding ? { binding: binding.text } : {}),
    ...(registry && ts.isCallExpression(registry) ? { registry: registry.expression.getText(source) } : {}),
    ...(tagsBinding ? { tagsBinding: tagsBinding.text } : {}),
    ...(ttl && (ts.isStringLiteralLike(ttl) || ts.isNumericLiteral(ttl)) ? { ttl: ttl.text } : {}),
    takesEnv:
      cache !== undefined && cache !== null && (ts.isArrowFunction(cache) || ts.isFunctionLike(cache)),
    exportsCache: cache !== undefined,
    options: options.properties.flatMap(({ name }) => (name && propertyName(name)) ?? []),
    ...policies(options, 'collections', text),
    ...policies(options, 'globals', text),
  };
}

/** Whether a module exports something by that name. */
export function exportsName(text: string, name: string): boolean {
  return (
    exportedConst(ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true), name) !== undefined
  );
}

function policies(options: ts.ObjectLiteralExpression, name: 'collections' | 'globals', text: string) {
  const object = property(options, name);
  if (!object || !ts.isObjectLiteralExpression(object)) return {};
  let open = false;
  const entries = object.properties.flatMap((member): PolicyShape[] => {
    const slug = member.name && propertyName(member.name);
    if (slug === undefined) open = true;
    return slug === undefined ? [] : [policy(slug, member, text)];
  });
  const shape: PoliciesShape = {
    start: object.getStart(),
    end: object.getEnd(),
    entries,
    members: object.properties.map((it) => ({ start: it.getStart(), end: it.getEnd() })),
    open,
  };
  return { [name]: shape };
}

function policy(slug: string, member: ts.ObjectLiteralElementLike, text: string): PolicyShape {
  const value = ts.isPropertyAssignment(member) ? unwrapped(member.initializer) : undefined;
  const object = value && ts.isObjectLiteralExpression(value) ? value : undefined;
  const slices = object && property(object, 'slices');
  return {
    slug,
    line: lineAt(text, member.getStart()),
    slices:
      slices && ts.isArrayLiteralExpression(slices)
        ? slices.elements.flatMap((it) => (ts.isStringLiteralLike(it) ? [it.text] : []))
        : [],
    allowAuth: object !== undefined && property(object, 'allowAuth')?.kind === ts.SyntaxKind.TrueKeyword,
  };
}

function findCall(node: ts.Node, name: string): ts.CallExpression | undefined {
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === name)
    return node;
  return ts.forEachChild(node, (child) => findCall(child, name));
}

/** The initialiser of an exported const, or the exported function; `null` where it is exported without either. */
function exportedConst(source: ts.SourceFile, name: string): ts.Node | null | undefined {
  for (const statement of source.statements) {
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    const exported = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (exported && ts.isFunctionDeclaration(statement) && statement.name?.text === name) return statement;
    if (exported && ts.isVariableStatement(statement)) {
      for (const declaration of statement.declarationList.declarations) {
        if (ts.isIdentifier(declaration.name) && declaration.name.text === name) {
          return declaration.initializer ? unwrapped(declaration.initializer) : null;
        }
      }
    }
    if (
      ts.isExportDeclaration(statement) &&
      statement.exportClause &&
      ts.isNamedExports(statement.exportClause)
    ) {
      if (statement.exportClause.elements.some((it) => it.name.text === name)) return null;
    }
  }
  return undefined;
}

function bindingOf(call: ts.CallExpression): ts.StringLiteralLike | undefined {
  const [options] = call.arguments;
  const binding = options && ts.isObjectLiteralExpression(options) ? property(options, 'binding') : undefined;
  return binding && ts.isStringLiteralLike(binding) ? binding : undefined;
}

function property(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const member of object.properties) {
    if (ts.isPropertyAssignment(member) && propertyName(member.name) === name)
      return unwrapped(member.initializer);
  }
  return undefined;
}

function unwrapped(node: ts.Expression): ts.Expression {
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)) {
    return unwrapped(node.expression);
  }
  return node;
}
