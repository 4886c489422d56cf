// Cuts TypeScript's parser out of the compiler, for the command line: a site installs a megabyte, not fifteen. What the
// source uses of it is found by its name, `ts.<name>`; what that uses stays, statement by statement, and nothing else.
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { ts } from 'ts-morph';

/** What the compiler does as it loads that is of no use here: refactorings, quick fixes, tables of both. */
const LEFT_OUT = /^(?:registerRefactor|registerCodeFix|getOwnValues|mapDefined)$/;

/**
 * Puts the parser into `dist/inspect/typescript.js`, in the place of the compiler, and its licence beside it, unless it
 * stands there already.
 */
export async function putParser(root) {
  const file = join(root, 'dist/inspect/typescript.js');
  const compiler = readCompiler(root);
  const names = usedNames(join(root, 'src'));
  const hash = createHash('sha256').update(compiler).update(names.join());
  const made = hash
    .update(readFileSync(new URL(import.meta.url)))
    .digest('hex')
    .slice(0, 16);
  const head = `// TypeScript's parser, ${made}\n`;
  if (readFileSync(file, 'utf8').startsWith(head)) return;

  const [licence] = /^\/\*![\s\S]*?\*\//.exec(compiler) ?? fail('its licence');
  const { code } = await transform(cutOut(compiler, names), {
    format: 'esm',
    target: 'node20',
    minify: true,
    legalComments: 'none',
  });
  for (const name of ['LICENSE', 'NOTICE.txt']) {
    const to = join(root, `dist/inspect/typescript.${name.replace('.txt', '')}.txt`);
    copyFileSync(join(root, 'node_modules/typescript', name), to);
  }
  writeFileSync(file, `${head}${licence}\n${code}`);
}

function readCompiler(root) {
  const require = createRequire(join(root, 'package.json'));
  const common = createRequire(require.resolve('ts-morph')).resolve('@ts-morph/common');
  return readFileSync(join(common, '../typescript.js'), 'utf8');
}

/** What the source names of the compiler, types too. */
function usedNames(source) {
  const names = new Set();
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(join(source, file), 'utf8');
    if (!/^import (?:type )?\{ ts \} from /m.test(text)) continue;
    for (const [, name] of text.matchAll(/(?<![\w.])ts\.(\w+)/g)) names.add(name);
  }
  return [...names].sort();
}

/** A module of what those names need of the compiler, which is one function that fills one object. */
function cutOut(compiler, names) {
  const begin = '((module) => {';
  const body = compiler
    .slice(compiler.indexOf(begin) + begin.length, compiler.lastIndexOf('})({'))
    // Symbols, types and signatures are the checker's: nothing makes one here.
    .replace(
      /\b(get(?:Symbol|Type|Signature)Constructor): \(\) => (?:Symbol|Type|Signature)Object\b/g,
      '$1: () => Object',
    );
  const [, list] =
    /__export\(typescript_exports, \{([\s\S]*?)\n\}\);/.exec(body) ?? fail('the list of its exports');
  const local = new Map(
    [...list.matchAll(/^\s*([\w$]+): \(\) => ([\w$]+)/gm)].map(([, name, of]) => [name, of]),
  );
  const wanted = names.filter((name) => local.has(name));
  if (!wanted.includes('createSourceFile')) fail('createSourceFile');

  const { statements, text } = ts.createSourceFile(
    'typescript.js',
    body,
    ts.ScriptTarget.Latest,
    false,
    ts.ScriptKind.JS,
  );
  const byName = new Map();
  for (const statement of statements) {
    for (const name of namesBehind(statement)) byName.set(name, [...(byName.get(name) ?? []), statement]);
  }
  const kept = new Set();
  const toKeep = wanted.flatMap((name) => byName.get(local.get(name)) ?? fail(name));
  toKeep.push(...statements.filter((statement) => calledBy(statement) === 'setObjectAllocator'));
  for (let statement = toKeep.pop(); statement; statement = toKeep.pop()) {
    if (kept.has(statement)) continue;
    kept.add(statement);
    for (const name of identifiersIn(statement)) toKeep.push(...(byName.get(name) ?? []));
  }
  return [
    `import { createRequire } from 'node:module';
     import { fileURLToPath } from 'node:url';
     const require = createRequire(import.meta.url);
     const __filename = fileURLToPath(import.meta.url);`,
    ...statements.filter((it) => kept.has(it)).map((it) => text.slice(it.pos, it.end)),
    `export const ts = { ${wanted.map((name) => `${name}: ${local.get(name)}`).join(', ')} };`,
  ].join('\n');
}

/** The names that are not whole without this statement: those that it declares, or the one that it changes. */
function namesBehind(statement) {
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) return [statement.name.text];
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => [...identifiersIn(name)]);
  if (ts.isIfStatement(statement)) return ['sys'];
  if (!ts.isExpressionStatement(statement) || LEFT_OUT.test(calledBy(statement) ?? '')) return [];
  const { expression } = statement;
  if (ts.isStringLiteral(expression)) return [];
  if (ts.isBinaryExpression(expression)) return [...identifiersIn(expression.left)].slice(0, 1);
  // __export(name, …), and namespaces: ((it) => { … })(name || (name = {}))
  if (ts.isCallExpression(expression)) return [...identifiersIn(expression.arguments[0])].slice(0, 1);
  return fail(`what it takes for a statement at its top: ${statement.getText?.().slice(0, 60)}`);
}

function calledBy(statement) {
  const { expression } = statement;
  return expression && ts.isCallExpression(expression) && ts.isIdentifier(expression.expression)
    ? expression.expression.text
    : undefined;
}

/** All identifiers but those behind a dot and those of properties, in their order. */
function identifiersIn(root) {
  const found = new Set();
  const visit = (node) => {
    if (ts.isIdentifier(node)) found.add(node.text);
    else if (ts.isPropertyAccessExpression(node)) visit(node.expression);
    else if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) visit(node.initializer);
    else ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}

function fail(what) {
  throw new Error(`scripts/parser.mjs does not find ${what} in TypeScript: its form has changed`);
}
