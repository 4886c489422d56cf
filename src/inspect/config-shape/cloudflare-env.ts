/** The Cloudflare env that is in scope where `plugins` stands. */

import type { Evaluator } from '../evaluate/evaluator.js';
import { namesOf, unwrap } from '../syntax.js';
import { ts } from '../typescript.js';
import { importedNames } from './files.js';
import type { CloudflareEnvShape } from './shape.js';

/**
 * The env that the config's bindings come from, such as `cloudflare.env` in `binding: cloudflare.env.D1`: a constant of
 * the file, or of the function that the config object is in.
 */
export function cloudflareEnv(
  evaluator: Evaluator,
  literal: ts.ObjectLiteralExpression,
  source: ts.SourceFile,
): CloudflareEnvShape | undefined {
  interface Candidate {
    bindings: Set<string>;
    declaration: ts.Node;
    topLevel: boolean;
    /** Whether it is Cloudflare's for sure: projects call their validated process environment `env` too. */
    sure: boolean;
    /** Whether the config allows for there being none: `cf?.env.D1`. */
    optional: boolean;
  }
  const candidates = new Map<string, Candidate>();
  function visit(node: ts.Node): void {
    if (ts.isPropertyAccessExpression(node) && /^[A-Z][A-Z0-9_]*$/.test(node.name.text)) {
      const owner = unwrap(node.expression);
      const root = envRoot(owner);
      const declared = root ? declarationOf(root, literal, source) : undefined;
      if (declared && !isProcessEnv(declared.declaration)) {
        const expression = owner.getText(source).replaceAll('!', '').replaceAll('?.', '.');
        const known = candidates.get(expression) ?? {
          bindings: new Set<string>(),
          ...declared,
          sure: false,
          optional: false,
        };
        known.bindings.add(node.name.text);
        known.optional ||= ts.isOptionalChain(node);
        known.sure ||=
          isGivenAsBinding(node) || /cloudflare|getPlatformProxy/i.test(declared.declaration.getText());
        candidates.set(expression, known);
      }
    }
    ts.forEachChild(node, visit);
  }
  visit(source);
  if (candidates.size === 0) addDeclared();
  const [best] = [...candidates]
    .filter(([, { sure }]) => sure)
    .sort(([, one], [, other]) => other.bindings.size - one.bindings.size);
  // Where there may be none, the wrapper finds the binding by itself.
  if (!best || best[1].optional) return undefined;
  const [expression, { bindings, declaration, topLevel }] = best;
  return {
    expression,
    location: evaluator.files.locate(declaration),
    topLevel,
    bindings: [...bindings].sort(),
  };

  /** A `const cloudflare = …` that nothing reads a binding of yet. */
  function addDeclared(): void {
    const declared = declarationOf('cloudflare', literal, source);
    if (declared && /getCloudflareContext|getPlatformProxy/.test(source.text)) {
      candidates.set('cloudflare.env', { bindings: new Set(), ...declared, sure: true, optional: false });
    }
  }
}

/** `cloudflare` of `cloudflare.env`, `env` of `env`. */
function envRoot(owner: ts.Expression): string | undefined {
  if (ts.isIdentifier(owner)) return /env$/i.test(owner.text) ? owner.text : undefined;
  if (!ts.isPropertyAccessExpression(owner) || owner.name.text !== 'env') return undefined;
  const root = unwrap(owner.expression);
  if (!ts.isIdentifier(root) || root.text === 'process') return undefined;
  return root.text;
}

/** Whether it is handed to an adapter as its binding: `binding: env.D1`, `bucket: env.R2!`. */
function isGivenAsBinding(node: ts.Node): boolean {
  let at = node.parent;
  while (ts.isNonNullExpression(at) || ts.isAsExpression(at) || ts.isParenthesizedExpression(at))
    at = at.parent;
  return ts.isPropertyAssignment(at) && /^(?:binding|bucket|namespace|kv)$/.test(at.name.getText());
}

function isProcessEnv(declaration: ts.Node): boolean {
  return (
    ts.isVariableDeclaration(declaration) &&
    /(?:process|import\.meta)\.env/.test(declaration.initializer?.getText() ?? '')
  );
}

/** Where a name is declared that is in scope of the config object: in a function around it, or in the file. */
function declarationOf(
  name: string,
  literal: ts.Node,
  source: ts.SourceFile,
): { declaration: ts.Node; topLevel: boolean } | undefined {
  for (let at: ts.Node | undefined = literal.parent; at; at = at.parent) {
    if (ts.isFunctionLike(at)) {
      const parameter = at.parameters.find((each) => namesOf(each.name).includes(name));
      if (parameter) return { declaration: parameter, topLevel: false };
    }
    if (ts.isBlock(at) || ts.isSourceFile(at)) {
      for (const statement of at.statements) {
        if (!ts.isVariableStatement(statement)) continue;
        const found = statement.declarationList.declarations.find((each) =>
          namesOf(each.name).includes(name),
        );
        // A constant declared below the config is not there yet when the config is made.
        if (found && found.getStart(source) < literal.getStart(source)) {
          return { declaration: found, topLevel: ts.isSourceFile(at) };
        }
      }
    }
  }
  const imported = source.statements
    .filter(ts.isImportDeclaration)
    .find(
      (declaration) => !declaration.importClause?.isTypeOnly && importedNames(declaration).includes(name),
    );
  return imported ? { declaration: imported, topLevel: true } : undefined;
}
