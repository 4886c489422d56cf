/** Reads GraphQL queries, with the site's own `graphql`, so that what is the same query has the same key. */
import { isObject } from '../../platform/is-object.js';
import { leastRecentlyUsed } from '../../platform/least-recently-used.js';

/** What is used of the module `graphql`. */
export interface GraphQLModule {
  /** Reads a document; throws for what is none. */
  parse(source: string, options?: { noLocation?: boolean }): object;
  /** Writes a document in its one spelling. */
  print(node: never): string;
}

/** What was asked, in one spelling; or why it is left to the handler. */
export type GraphQLQuestion = { question: unknown } | { left: 'graphql' | 'draft' };

/** A document, as far as it matters here. */
interface ReadDocument {
  text: string;
  /** By name, `''` for none. */
  operations: ReadonlyMap<string, string>;
  /** Whether it asks about the schema, which a site may forbid. */
  introspects: boolean;
  /** Whether it asks who asks: it is answered with the very token that they have sent. */
  tellsToken: boolean;
  /** Whether it asks for drafts, and the variables by which it may. */
  asksForDrafts: boolean;
  draftVariables: readonly string[];
}

/** Documents that are remembered, each of this length at most: applications have few. */
const REMEMBERED_DOCUMENTS = 500;
const LONGEST_REMEMBERED = 20_000;

/** What Payload names its queries of this kind, such as `meUser`. */
const TELLS_TOKEN = /^me[A-Z_]/;

/** Creates what reads the queries of one handler. */
export function createGraphQLReader(graphql: GraphQLModule): (asked: unknown) => GraphQLQuestion {
  const remembered = leastRecentlyUsed<string, ReadDocument | null>(REMEMBERED_DOCUMENTS);

  function read(source: string): ReadDocument | null {
    const known = source.length <= LONGEST_REMEMBERED ? remembered.get(source) : undefined;
    if (known !== undefined) return known;
    let document: ReadDocument | null = null;
    try {
      document = documentOf(graphql, source);
    } catch {
      // The handler says what is wrong with it.
    }
    if (source.length <= LONGEST_REMEMBERED) remembered.set(source, document);
    return document;
  }

  return (asked) => {
    if (!isObject(asked) || Array.isArray(asked)) return { left: 'graphql' };
    const { query, operationName, variables, ...rest } = asked as Record<string, unknown>;
    const document = typeof query === 'string' ? read(query) : null;
    if (!document || document.introspects || document.tellsToken) return { left: 'graphql' };
    if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
      return { left: 'graphql' };
    const { operations } = document;
    const kind = operationName
      ? operations.get(operationName)
      : operations.size === 1
        ? [...operations.values()][0]
        : undefined;
    if (kind !== 'query') return { left: 'graphql' };
    const given = isObject(variables) ? (variables as Record<string, unknown>) : {};
    if (document.asksForDrafts || document.draftVariables.some((name) => given[name] !== false))
      return { left: 'draft' };
    return { question: { query: document.text, operationName, variables, rest } };
  };
}

interface Node {
  kind: string;
  [property: string]: unknown;
}

function documentOf(graphql: GraphQLModule, source: string): ReadDocument {
  const document = graphql.parse(source, { noLocation: true });
  const operations = new Map<string, string>();
  const drafts = new Set<string>();
  let introspects = false;
  let tellsToken = false;
  let asksForDrafts = false;
  walk(document as Node, (node) => {
    if (node.kind === 'OperationDefinition') {
      const name = (node.name as { value: string } | undefined)?.value ?? '';
      // Of two with one name nobody knows which is run.
      operations.set(name, operations.has(name) ? 'several' : String(node.operation));
    } else if (node.kind === 'Field') {
      const name = (node.name as { value: string }).value;
      if (name === '__schema' || name === '__type') introspects = true;
      else if (TELLS_TOKEN.test(name)) tellsToken = true;
    } else if (node.kind === 'Argument' && (node.name as { value: string }).value === 'draft') {
      const value = node.value as Node;
      if (value.kind === 'Variable') drafts.add((value.name as { value: string }).value);
      else if (value.value !== false) asksForDrafts = true;
    }
  });
  return {
    text: graphql.print(document as never),
    operations,
    introspects,
    tellsToken,
    asksForDrafts,
    draftVariables: [...drafts],
  };
}

/** Visits each node. No recursion: a visitor writes what is walked through. */
function walk(root: Node, visit: (node: Node) => void): void {
  const left: unknown[] = [root];
  while (left.length > 0) {
    const next = left.pop();
    if (Array.isArray(next)) for (const each of next) left.push(each);
    else if (isObject(next)) {
      if (typeof (next as unknown as Node).kind === 'string') visit(next as unknown as Node);
      left.push(...Object.values(next));
    }
  }
}
