/** The binding's type in `cloudflare-env.d.ts`, as `wrangler types` would write it. */
import { ts } from '../../inspect/typescript.js';
import type { TransformResult } from '../plan.js';
import { propertyKey } from '../text/literal.js';
import { applyEdits, type Edit, indentationAt, lineEndingOf } from '../text/splice.js';
import { envPart, wranglerTypesCommand } from './wrangler-types.js';

/** The types of bindings that `init` declares. */
export type BindingType = 'KVNamespace' | 'DurableObjectNamespace';

/** The file with the binding declared wherever the Worker's env is described, and nowhere else. */
export function declareBinding(
  text: string,
  binding: string,
  path: string,
  type: BindingType = 'KVNamespace',
): TransformResult {
  // The runtime's own types have a namespace of the same name.
  const source = ts.createSourceFile(path, envPart(text), ts.ScriptTarget.Latest, true);
  const { roots, owners, isReached } = envDeclarations(declarationsOf(source), envInterfaceName(text));
  if (roots.length === 0 || owners.some((it) => isReached(it) && !it.has(binding))) {
    const lines = ['interface CloudflareEnv {', `  ${propertyKey(binding, 'double')}: ${type};`, '}'];
    // In a module it would be that file's own.
    const paste = ts.isExternalModule(source)
      ? ['declare global {', ...lines.map((line) => `  ${line}`), '}']
      : lines;
    const reason =
      roots.length === 0
        ? `${path} declares no interface for the env.`
        : `\`NodeJS.ProcessEnv\` of ${path} takes all that the env has, and a binding is no text.`;
    return { ok: false, reason, paste: paste.join('\n') };
  }
  const name = `${propertyKey(binding, 'double')}: `;
  const edits = owners
    .filter(({ has }) => !has(binding))
    .flatMap(({ parts, alias }) => {
      const [part] = parts;
      if (part) return [addition(text, part, name, type, source)];
      return alias ? intersection(text, alias, name, type, source) : [];
    });
  return { ok: true, content: applyEdits(text, edits), modified: edits.length > 0 };
}

/** How the generated types call the env: `CloudflareEnv`, or what the file has instead. */
export function envTypeName(text: string): string | undefined {
  const source = ts.createSourceFile('env.d.ts', envPart(text), ts.ScriptTarget.Latest, true);
  const names = declarationsOf(source)
    .filter(({ isGlobal }) => isGlobal)
    .map(({ name }) => name);
  return ['CloudflareEnv', 'Cloudflare.Env', 'Env', envInterfaceName(text)].find(
    (name) => name !== undefined && names.includes(name),
  );
}

// ---- what describes the Worker's env ------------------------------------------------------------------------------

/** What has the members of a type: an interface, or the literal of an alias. */
type Members = ts.InterfaceDeclaration | ts.TypeLiteralNode;

/** A type by its qualified name, all of its declarations together. */
interface Declared {
  /** E.g. `CloudflareEnv`, `Cloudflare.Env`. */
  name: string;
  /** Whether every file sees it without an import. */
  isGlobal: boolean;
  parts: Members[];
  /** The type of an alias without a literal. */
  alias?: ts.TypeNode;
  /** Names that it takes all members of: `extends Cloudflare.Env`, `Partial<Cloudflare.Env> & { … }`. */
  bases: string[];
}

/** What makes a type of another and leaves it its members, all but those that it names. */
const KEEPS_MEMBERS = new Set(['Omit', 'Partial', 'Readonly', 'Required']);

/** The name of which a type that is referred to has its members. */
function baseOf(name: string, typeArguments: readonly ts.TypeNode[] | undefined): string[] {
  const [of] = typeArguments ?? [];
  if (!of) return [name];
  if (!KEEPS_MEMBERS.has(name) || !ts.isTypeReferenceNode(of)) return [];
  return baseOf(of.typeName.getText(), of.typeArguments);
}

/** The interfaces and aliases that the file declares for all files, or exports. */
function declarationsOf(source: ts.SourceFile): Declared[] {
  const found = new Map<string, Declared>();
  const isModule = ts.isExternalModule(source);

  function note(
    name: string,
    isGlobal: boolean,
    part: Members | undefined,
    bases: string[],
    alias?: ts.TypeNode,
  ): void {
    const key = `${isGlobal} ${name}`;
    const known = found.get(key) ?? { name, isGlobal, parts: [], bases: [] };
    if (part) known.parts.push(part);
    else known.alias = alias;
    known.bases.push(...bases);
    found.set(key, known);
  }

  function visit(statements: readonly ts.Statement[], prefix: string, isGlobal: boolean): void {
    for (const statement of statements) {
      if (ts.isInterfaceDeclaration(statement)) {
        const bases = (statement.heritageClauses ?? []).flatMap(({ types }) =>
          types.flatMap((each) => baseOf(each.expression.getText(source), each.typeArguments)),
        );
        note(prefix + statement.name.text, isGlobal, statement, bases);
      } else if (ts.isTypeAliasDeclaration(statement) && !statement.typeParameters) {
        const all = ts.isIntersectionTypeNode(statement.type) ? [...statement.type.types] : [statement.type];
        const bases = all.flatMap((each) =>
          ts.isTypeReferenceNode(each) ? baseOf(each.typeName.getText(source), each.typeArguments) : [],
        );
        const literal = all.find(ts.isTypeLiteralNode);
        note(prefix + statement.name.text, isGlobal, literal, bases, statement.type);
      } else if (ts.isModuleDeclaration(statement)) {
        // `namespace Cloudflare.Inner` nests without braces.
        const { name, body } = statement;
        if (!body || !ts.isModuleBlock(body)) continue;
        if (statement.flags & ts.NodeFlags.GlobalAugmentation) visit(body.statements, '', true);
        // What is declared in another module's name belongs to that: `ProvidedEnv` of `cloudflare:test`.
        else if (ts.isIdentifier(name)) visit(body.statements, `${prefix}${name.text}.`, isGlobal);
      }
    }
  }
  visit(source.statements, '', !isModule);
  return [...found.values()];
}

/** Where a binding is declared. */
interface EnvDeclarations {
  /** The types of the Worker's env. */
  roots: Declared[];
  /** Those that are to have the binding, so that each of the roots has it once. */
  owners: (Declared & { has(binding: string): boolean })[];
  /** Whether `NodeJS.ProcessEnv` would have it as well. */
  isReached(type: { name: string; isGlobal: boolean }): boolean;
}

/**
 * Where a binding is declared: `wrangler types` writes one interface for each environment and one over them, the members
 * in that or in a base of it. `NodeJS.ProcessEnv` is none of them, nor is what that takes its members of.
 */
function envDeclarations(declared: Declared[], named: string | undefined): EnvDeclarations {
  const ofCloudflare = declared.filter(
    ({ name }) => /^Cloudflare\.\w*Env$/.test(name) || name === 'CloudflareEnv' || name === named,
  );
  const roots = ofCloudflare.length > 0 ? ofCloudflare : declared.filter(({ name }) => name === 'Env');
  const basesOf = (type: Declared) => basesIn(declared, type);
  const ofProcess = withBases(
    declared.filter(({ name }) => name === 'NodeJS.ProcessEnv'),
    basesOf,
  );

  /** The type itself, or the lowest one of the same file that it has its bindings of. */
  function ownerOf(type: Declared, seen = new Set<Declared>()): Declared {
    seen.add(type);
    for (const base of basesOf(type)) {
      if (!/Env(?:_\w+)?$/.test(base.name) || seen.has(base) || ofProcess.has(base)) continue;
      const owner = ownerOf(base, seen);
      if (owner.parts.length > 0) return owner;
    }
    return type;
  }

  const owners = [...new Set(roots.map((root) => ownerOf(root)))].map((owner) => {
    const all = [...withBases([owner], basesOf)];
    const has = (binding: string) => all.some(({ parts }) => parts.some((part) => hasMember(part, binding)));
    return { ...owner, has };
  });
  const reached = new Set([...ofProcess].map(({ name, isGlobal }) => `${isGlobal} ${name}`));
  return { roots, owners, isReached: ({ name, isGlobal }) => reached.has(`${isGlobal} ${name}`) };
}

/** The types of the file that one takes members of. */
function basesIn(declared: Declared[], { name, bases }: Declared): Declared[] {
  const scope = name.includes('.') ? name.replace(/\.[^.]*$/, '.') : '';
  return bases.flatMap((base) => {
    const found = [scope + base, base].flatMap((each) => declared.find((it) => it.name === each) ?? []);
    return found.slice(0, 1);
  });
}

/** Types with all that they take members of. */
function withBases(types: Declared[], basesOf: (type: Declared) => Declared[]): Set<Declared> {
  const all = new Set<Declared>();
  const visit = (type: Declared): void => {
    if (all.has(type)) return;
    all.add(type);
    basesOf(type).forEach(visit);
  };
  types.forEach(visit);
  return all;
}

/** What the command in wrangler's header calls the interface of the env. */
function envInterfaceName(text: string): string | undefined {
  return /\s--env-interface[= ](\w+)/.exec(wranglerTypesCommand(text) ?? '')?.[1];
}

function hasMember(target: Members, name: string): boolean {
  return target.members.some(
    (it) => it.name && (ts.isIdentifier(it.name) || ts.isStringLiteral(it.name)) && it.name.text === name,
  );
}

/** The edits that give an alias without a literal one that has the binding. */
function intersection(
  text: string,
  alias: ts.TypeNode,
  name: string,
  type: BindingType,
  source: ts.SourceFile,
): Edit[] {
  const lineEnding = lineEndingOf(text);
  const [start, end] = [alias.getStart(source), alias.getEnd()];
  const outer = indentationAt(text, start);
  const isOne =
    ts.isTypeReferenceNode(alias) || ts.isIndexedAccessTypeNode(alias) || ts.isIntersectionTypeNode(alias);
  const [open, close] = isOne ? ['', ''] : ['(', ')'];
  const member = `${outer}${indentUnit(text)}${name}${prefixOf(text)}${type};`;
  const literal = ['{', member, `${outer}}`].join(lineEnding);
  return [
    { start, end: start, text: open },
    { start: end, end, text: `${close} & ${literal}` },
  ];
}

function addition(
  text: string,
  target: Members,
  name: string,
  type: BindingType,
  source: ts.SourceFile,
): Edit {
  const lineEnding = lineEndingOf(text);
  const [first] = target.members;
  const end = first && text[first.getEnd() - 1] !== ';' ? '' : ';';
  const declaration = `${name}${prefixOf(text)}${type}${end}`;
  if (first) {
    // wrangler lists KV namespaces first; the order means nothing.
    const at = first.getStart(source);
    return { start: at, end: at, text: declaration + lineEnding + indentationAt(text, at) };
  }
  const close = target.getEnd() - 1;
  const outer = indentationAt(text, target.getStart(source));
  const open = target.members.pos;
  return {
    start: open,
    end: close,
    text: `${lineEnding}${outer}${indentUnit(text)}${declaration}${lineEnding}${outer}`,
  };
}

/** What stands before a type of the runtime where the file imports those. */
function prefixOf(text: string): string {
  const imported = /import\((["'])@cloudflare\/workers-types\1\)/.exec(text)?.[0];
  return imported ? `${imported}.` : '';
}

function indentUnit(text: string): string {
  return /^\t/m.test(text) ? '\t' : '  ';
}
