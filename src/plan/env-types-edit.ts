/** The binding's type in `cloudflare-env.d.ts`, as `wrangler types` would write it. */
import { ts } from 'ts-morph';
import { propertyKey } from './literal.js';
import type { TransformResult } from './plan.js';
import { applyEdits, type Edit, indentationAt } from './splice.js';
import { envPart } from './wrangler-types.js';

/** The types of bindings that `init` declares. */
export type BindingType = 'KVNamespace' | 'DurableObjectNamespace';

/** The file with the binding declared in each interface that describes the env. */
export function declareBinding(
  text: string,
  binding: string,
  path: string,
  type: BindingType = 'KVNamespace',
): TransformResult {
  // The runtime's own types have a namespace of the same name.
  const source = ts.createSourceFile(path, envPart(text), ts.ScriptTarget.Latest, true);
  const interfaces: ts.InterfaceDeclaration[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isInterfaceDeclaration(node)) interfaces.push(node);
    else ts.forEachChild(node, visit);
  };
  visit(source);

  // `wrangler types` writes one interface per environment and `Env` over them, in the namespace `Cloudflare`.
  const inNamespace = interfaces.filter((it) => ts.isModuleBlock(it.parent) && /Env$/.test(it.name.text));
  const targets =
    inNamespace.length > 0
      ? inNamespace
      : interfaces.filter((it) => /^(CloudflareEnv|Env)$/.test(it.name.text)).slice(0, 1);
  if (targets.length === 0) {
    return {
      ok: false,
      reason: `${path} declares no interface for the env.`,
      paste: `${propertyKey(binding, 'double')}: ${type};`,
    };
  }
  const edits = targets.flatMap((target) =>
    hasMember(target, binding)
      ? []
      : [addition(text, target, `${propertyKey(binding, 'double')}: `, type, source)],
  );
  return { ok: true, content: applyEdits(text, edits), modified: edits.length > 0 };
}

/** How the generated types call the env: `CloudflareEnv`, or what the file has instead. */
export function envTypeName(text: string): string | undefined {
  if (/\binterface CloudflareEnv\b/.test(text)) return 'CloudflareEnv';
  if (/\bnamespace Cloudflare\b/.test(text)) return 'Cloudflare.Env';
  return /\binterface Env\b/.test(text) ? 'Env' : undefined;
}

function hasMember(target: ts.InterfaceDeclaration, name: string): boolean {
  return target.members.some(
    (it) => it.name && (ts.isIdentifier(it.name) || ts.isStringLiteral(it.name)) && it.name.text === name,
  );
}

function addition(
  text: string,
  target: ts.InterfaceDeclaration,
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
  const open = text.indexOf('{', target.name.getEnd()) + 1;
  return { start: open, end: close, text: `${lineEnding}${outer}${unit}${declaration}${lineEnding}${outer}` };
}
