/** What stands in a file of Payload's routes: which of its handlers it makes, and what is around them by now. */
import { ts } from '../../inspect/typescript.js';
import { unwrapped } from '../../inspect/written-value.js';
import { declares, nodeIn } from '../config/exported-object.js';
import { isUse } from '../text/identifiers.js';

/** The module that Payload's routes are made by. */
export const ROUTES_MODULE = '@payloadcms/next/routes';
/** The module of this package that a route is given. */
export const RESPONSES_MODULE = 'payload-kv/responses';
/** The function of it that goes around a handler. */
export const WRAPPER = 'withResponseCache';

/** A handler of Payload's whose responses can be cached. */
export interface PayloadHandler {
  /** What it is called here. */
  title: 'REST' | 'GraphQL';
  /** The method that it answers, which its export is named by. */
  method: 'GET' | 'POST';
  /** The function that makes it. */
  maker: string;
  /** The policy that it is wrapped with, in the style of templates. */
  policy: string;
}

/** REST reads by `GET`. */
export const REST: PayloadHandler = {
  title: 'REST',
  method: 'GET',
  maker: 'REST_GET',
  policy: `{ api: 'rest' }`,
};
/** GraphQL reads by `POST`. */
export const GRAPHQL: PayloadHandler = {
  title: 'GraphQL',
  method: 'POST',
  maker: 'GRAPHQL_POST',
  policy: '{ graphql }',
};

/** Whether Next takes a file for a route handler. */
export const isRouteFile = (path: string): boolean => /(^|\/)route\.[jt]sx?$/.test(path);

/** A source file by its path, which says whether it is TypeScript. */
export function parseRoute(text: string, path: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** The variable that an `export const GET = …` at the top of a file declares, where it declares nothing else. */
export function exportedConst(source: ts.SourceFile, name: string): ts.VariableDeclaration | undefined {
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const [modifier, ...otherModifiers] = statement.modifiers ?? [];
    const { declarations, flags } = statement.declarationList;
    const [declaration, ...others] = declarations;
    if (!declaration || !ts.isIdentifier(declaration.name) || declaration.name.text !== name) continue;
    const isExport = modifier?.kind === ts.SyntaxKind.ExportKeyword && otherModifiers.length === 0;
    const isConst = (flags & ts.NodeFlags.BlockScoped) === ts.NodeFlags.Const;
    return isExport && isConst && others.length === 0 && !declaration.type ? declaration : undefined;
  }
  return undefined;
}

/** The import of a name under that very name, as a value: what it is called here is what it is there. */
export function importOf(source: ts.SourceFile, module: string, name: string): ts.Node | undefined {
  return importsFrom(source, module)
    .flatMap((clause) => {
      const { namedBindings: bindings } = clause;
      return bindings && ts.isNamedImports(bindings) ? [...bindings.elements] : [];
    })
    .find((element) => element.name.text === name && !element.propertyName && !element.isTypeOnly);
}

/** `import * as name from 'module'`. */
export function namespaceImportOf(source: ts.SourceFile, module: string, name: string): ts.Node | undefined {
  return importsFrom(source, module)
    .map(({ namedBindings }) => namedBindings)
    .find((bindings) => bindings && ts.isNamespaceImport(bindings) && bindings.name.text === name);
}

function importsFrom(source: ts.SourceFile, module: string): ts.ImportClause[] {
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) || !statement.importClause || statement.importClause.isTypeOnly)
      return [];
    const { moduleSpecifier } = statement;
    return ts.isStringLiteral(moduleSpecifier) && moduleSpecifier.text === module
      ? [statement.importClause]
      : [];
  });
}

/** Whatever else than `imported` gives something that name. */
export function declaredElsewhere(
  source: ts.SourceFile,
  name: string,
  imported: ts.Node | undefined,
): ts.Node | undefined {
  return nodeIn(source, (node) => declares(node, name) && node.parent !== imported);
}

/** The call of {@link WRAPPER} that a handler of Payload's is somewhere in. */
export function wrappingCall(
  source: ts.SourceFile,
  { maker }: PayloadHandler,
): ts.CallExpression | undefined {
  const names = importsFrom(source, RESPONSES_MODULE).flatMap(({ namedBindings: bindings }) =>
    bindings && ts.isNamedImports(bindings)
      ? bindings.elements
          .filter((it) => (it.propertyName ?? it.name).text === WRAPPER)
          .map(({ name }) => name.text)
      : [],
  );
  const isIt = (node: ts.Node): node is ts.CallExpression =>
    ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    names.includes(node.expression.text) &&
    node.arguments[0] !== undefined &&
    nodeIn(node.arguments[0], (inner) => isUse(inner, maker)) !== undefined;
  const found = nodeIn(source, isIt);
  return found && isIt(found) ? found : undefined;
}

/** Where a route says that Next is to answer by what it built. */
export function staticAnswer(source: ts.SourceFile): ts.Node | undefined {
  const value = exportedConst(source, 'dynamic')?.initializer;
  const written = value && unwrapped(value);
  return written && ts.isStringLiteralLike(written) && ['force-static', 'error'].includes(written.text)
    ? written
    : undefined;
}
