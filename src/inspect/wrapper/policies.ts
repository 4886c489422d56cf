/** The policies and TTLs that a wrapper names. */
import { ts } from '../typescript.js';
import type { Property, WrapperNames } from './names.js';

/** A TTL that the wrapper names. */
export interface TTLReading {
  /** Where it belongs, e.g. `ttl`, `collections.posts.ttl`, `operations.find`. */
  path: string;
  /** The value; `false` where the operation is not cached. */
  value: string | number | false;
  line: number;
}

/** An entry of `collections` or `globals`. */
export interface PolicyReading {
  slug: string;
  type: 'collection' | 'global';
  line: number;
  /** Slice fields, as far as they are written as text. */
  slices: { field: string; line: number }[];
  /** `true` for whole documents. */
  allowAuth: boolean | 'without-secrets';
  enabled: boolean;
}

/** One entry, of which `policy` has the properties and `at` is the place. */
export function readPolicy(
  names: WrapperNames,
  { slug, type, at }: Pick<PolicyReading, 'slug' | 'type'> & { at: ts.Node },
  policy: ReadonlyMap<string, Property>,
): PolicyReading {
  const where = `${type}s.${slug}`;
  const flag = (name: string, otherwise: boolean) => {
    const node = policy.get(name)?.value;
    const kind = node && names.resolve(node).kind;
    if (kind === ts.SyntaxKind.TrueKeyword) return true;
    if (kind === ts.SyntaxKind.FalseKeyword) return false;
    if (node) names.leaveUnread(`${where}.${name}`, node);
    return otherwise;
  };
  const auth = policy.get('allowAuth')?.value;
  const written = auth && names.resolve(auth);
  const saysWithoutSecrets =
    written !== undefined && ts.isStringLiteralLike(written) && written.text === 'without-secrets';
  return {
    slug,
    type,
    line: names.lineOf(at),
    slices: readSlices(names, policy.get('slices')?.value, `${where}.slices`),
    allowAuth: saysWithoutSecrets ? 'without-secrets' : flag('allowAuth', false),
    enabled: flag('enabled', true),
  };
}

function readSlices(
  names: WrapperNames,
  node: ts.Expression | undefined,
  where: string,
): PolicyReading['slices'] {
  if (!node) return [];
  const list = names.resolve(node);
  if (!ts.isArrayLiteralExpression(list)) {
    names.leaveUnread(where, list);
    return [];
  }
  return list.elements.flatMap((element) => {
    const value = names.resolve(element);
    if (ts.isStringLiteralLike(value)) return [{ field: value.text, line: names.lineOf(element) }];
    names.leaveUnread(where, element);
    return [];
  });
}

/** `ttl` and the TTLs of `operations`; `prefix` is the path that they belong to, with its dot. */
export function readTTLs(
  names: WrapperNames,
  options: ReadonlyMap<string, Property>,
  prefix: string,
): TTLReading[] {
  const operations = options.get('operations')?.value;
  const where = `${prefix}operations`;
  return [
    ...readTTL(names, options.get('ttl')?.value, `${prefix}ttl`),
    ...(operations
      ? [...names.properties(operations, where)].flatMap(([operation, { value }]) =>
          readTTL(names, value, `${where}.${operation}`),
        )
      : []),
  ];
}

function readTTL(names: WrapperNames, node: ts.Expression | undefined, where: string): TTLReading[] {
  if (!node) return [];
  const value = literalOf(names, node);
  if (value !== undefined) return [{ path: where, value, line: names.lineOf(node) }];
  names.leaveUnread(where, node);
  return [];
}

/** A literal, or arithmetic of literals such as `5 * 60`. */
function literalOf(names: WrapperNames, node: ts.Expression): TTLReading['value'] | undefined {
  const expression = names.resolve(node);
  if (ts.isStringLiteralLike(expression)) return expression.text;
  if (ts.isNumericLiteral(expression)) return Number(expression.text.replaceAll('_', ''));
  if (expression.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (ts.isPrefixUnaryExpression(expression) && expression.operator === ts.SyntaxKind.MinusToken) {
    const operand = literalOf(names, expression.operand);
    return typeof operand === 'number' ? -operand : undefined;
  }
  if (ts.isBinaryExpression(expression)) {
    const [left, right] = [literalOf(names, expression.left), literalOf(names, expression.right)];
    if (typeof left !== 'number' || typeof right !== 'number') return undefined;
    if (expression.operatorToken.kind === ts.SyntaxKind.AsteriskToken) return left * right;
    if (expression.operatorToken.kind === ts.SyntaxKind.PlusToken) return left + right;
    if (expression.operatorToken.kind === ts.SyntaxKind.SlashToken) return left / right;
  }
  return undefined;
}
