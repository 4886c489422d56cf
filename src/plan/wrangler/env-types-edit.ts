/** The binding's type in `cloudflare-env.d.ts`, as `wrangler types` would write it. */
import { ts } from 'ts-morph';
import type { TransformResult } from '../plan.js';
import { propertyKey } from '../text/literal.js';
import { applyEdits, type Edit, indentationAt } from '../text/splice.js';
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
  const targets = envDeclarations(declarationsOf(source), envInterfaceName(text));
  if (targets.length === 0) {
    const lines = ['interface CloudflareEnv {', `  ${propertyKey(binding, 'double')}: ${type};`, '}'];
    // In a module it would be that file's own.
    const paste = ts.isExternalModule(source)
      ? ['declare global {', ...lines.map((line) => `  ${line}`), '}']
      : lines;
    return { ok: false, reason: `${path} declares no interface for the env.`, paste: paste.join('\n') };
  }
  const edits = targets.flatMap(({ parts }) =>
    parts.some((part) => hasMember(part, binding))
      ? []
      : [addition(text, parts[0]!, `${propertyKey(binding, 'double')}: `, type, source)],
  );
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
  /** Names that it takes members of: `extends Cloudflare.Env`, `Cloudflare.Env & { … }`. */
  bases: string[];
}

/** The interfaces and aliases that the file declares for all files, or exports. */
function declarationsOf(source: ts.SourceFile): Declared[] {
  const found = new Map<string, Declared>();
  const isModule = ts.isExternalModule(source);

  function note(name: string, isGlobal: boolean, part: Members | undefined, bases: string[]): void {
    const key = `${isGlobal} ${name}`;
    const known = found.get(key) ?? { name, isGlobal, parts: [], bases: [] };
    if (part) known.parts.push(part);
    known.bases.push(...bases);
    found.set(key, known);
  }

  function visit(statements: readonly ts.Statement[], prefix: string, isGlobal: boolean): void {
    for (const statement of statements) {
      if (ts.isInterfaceDeclaration(statement)) {
        const bases = (statement.heritageClauses ?? []).flatMap(({ types }) =>
          types.filter((each) => !each.typeArguments).map((each) => each.expression.getText(source)),
        );
        note(prefix + statement.name.text, isGlobal, statement, bases);
      } else if (ts.isTypeAliasDeclaration(statement) && !statement.typeParameters) {
        const all = ts.isIntersectionTypeNode(statement.type) ? [...statement.type.types] : [statement.type];
        const bases = all.flatMap((each) =>
          ts.isTypeReferenceNode(each) && !each.typeArguments ? [each.typeName.getText(source)] : [],
        );
        note(prefix + statement.name.text, isGlobal, all.find(ts.isTypeLiteralNode), bases);
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

/**
 * Where a binding is declared, so that each type of the Worker's env has it once: `wrangler types` writes one interface
 * for each environment and one over them, the members in that or in a base of it. `NodeJS.ProcessEnv` is none of them.
 */
function envDeclarations(declared: Declared[], named: string | undefined): Declared[] {
  const ofCloudflare = declared.filter(
    ({ name }) => /^Cloudflare\.\w*Env$/.test(name) || name === 'CloudflareEnv' || name === named,
  );
  const roots = ofCloudflare.length > 0 ? ofCloudflare : declared.filter(({ name }) => name === 'Env');
  return [...new Set(roots.map((root) => ownerOf(root, declared)))].filter(({ parts }) => parts.length > 0);
}

/** The type itself, or the one of the same file that it has its bindings of. */
function ownerOf(type: Declared, declared: Declared[], seen = new Set<Declared>()): Declared {
  seen.add(type);
  const scope = type.name.includes('.') ? type.name.replace(/\.[^.]*$/, '.') : '';
  for (const base of type.bases) {
    if (!/Env(?:_\w+)?$/.test(base)) continue;
    const found = [scope + base, base].flatMap(
      (name) => declared.find((each) => each.name === name && !seen.has(each)) ?? [],
    )[0];
    const owner = found && ownerOf(found, declared, seen);
    if (owner && owner.parts.length > 0) return owner;
  }
  return type;
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

function addition(
  text: string,
  target: Members,
  name: string,
  type: BindingType,
  source: ts.SourceFile,
): Edit {
  const lineEnding = text.includes('\r\n') ? '\r\n' : '\n';
  const prefix = /import\((["'])@cloudflare\/workers-types\1\)/.exec(text)?.[0];
  const [first] = target.members;
  const end = first && text[first.getEnd() - 1] !== ';' ? '' : ';';
  const declaration = `${name}${prefix ? `${prefix}.` : ''}${type}${end}`;
  if (first) {
    // wrangler lists KV namespaces first; the order means nothing.
    const at = first.getStart(source);
    return { start: at, end: at, text: declaration + lineEnding + indentationAt(text, at) };
  }
  const close = target.getEnd() - 1;
  const outer = indentationAt(text, target.getStart(source));
  const unit = /^\t/m.test(text) ? '\t' : '  ';
  const open = target.members.pos;
  return { start: open, end: close, text: `${lineEnding}${outer}${unit}${declaration}${lineEnding}${outer}` };
}
