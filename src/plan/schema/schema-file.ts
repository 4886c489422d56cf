/**
 * `schema.generated.ts`: writing it, and reading it back without running it. Its checksum is one of the code's tokens,
 * not of its bytes: a formatter may go over the file, a person's change is noticed.
 */
import { createHash } from 'node:crypto';
import { PayloadKVError } from '../../errors.js';
import type { CodeStyle } from '../../inspect/code-style.js';
import { propertyName } from '../../inspect/property-name.js';
import { ts } from '../../inspect/typescript.js';
import type { Language } from '../generated-paths.js';
import { type Literal, printLiteral } from '../text/print-literal.js';
import { restyle } from '../text/restyle.js';
import { lineAt } from '../text/splice.js';
import { fillTemplate } from '../text/template.js';
import { type Ledger, withLedger } from './ledger.js';
import { isSchemaRecord, type SchemaRecord } from './schema-record.js';

/** What a `schema.generated.ts` says. */
export interface SchemaFile {
  record: SchemaRecord;
  /** Whether somebody changed the file since it was written. */
  edited: boolean;
}

/** The text of `schema.generated.ts`; with a ledger, its last line holds it, and the schema as it is generated now. */
export function renderSchemaFile(
  record: SchemaRecord,
  options: { template: string; style: CodeStyle; language: Language; ledger?: Ledger },
): string {
  const { fields, ...schema } = record;
  const asConst = options.language === 'ts' ? ' as const' : '';
  const code = fillTemplate(options.template, {
    checksum: '{{checksum}}',
    schema: printLiteral(schema as unknown as Literal, { open: 2 }) + asConst,
    fields: printLiteral(fields, { open: 3 }) + asConst,
  });
  const styled = restyle(code, options.style);
  const text = styled.replace('{{checksum}}', checksumOf(styled));
  return options.ledger ? withLedger(text, { ...options.ledger, schema: record }) : text;
}

/**
 * Reads a `schema.generated.ts`.
 * @throws PayloadKVError `SCHEMA_FILE_UNREADABLE` where it doesn't hold the two literals that the tool writes.
 */
export function parseSchemaFile(text: string, path: string): SchemaFile {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const values = new Map<string, unknown>();
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && initializer) values.set(name.text, dataOf(initializer, text, path));
    }
  }
  const schema = values.get('schema');
  const fields = values.get('fields');
  const record = { ...(typeof schema === 'object' ? schema : {}), fields };
  if (!isSchemaRecord(record)) throw unreadable(path, 1, 'it does not hold `schema` and `fields`');
  const written = /checksum: ([0-9a-f]+)/.exec(text)?.[1];
  return { record, edited: written !== checksumOf(text) };
}

function dataOf(node: ts.Expression, text: string, path: string): unknown {
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)) {
    return dataOf(node.expression, text, path);
  }
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  if (ts.isArrayLiteralExpression(node)) return node.elements.map((element) => dataOf(element, text, path));
  if (ts.isObjectLiteralExpression(node)) {
    return Object.fromEntries(
      node.properties.map((property) => {
        const key = property.name && propertyName(property.name);
        if (!ts.isPropertyAssignment(property) || key === undefined) throw notData(property, text, path);
        return [key, dataOf(property.initializer, text, path)];
      }),
    );
  }
  throw notData(node, text, path);
}

function notData(node: ts.Node, text: string, path: string): PayloadKVError {
  const start = node.getStart();
  return unreadable(path, lineAt(text, start), `\`${node.getText().slice(0, 40)}\` is no plain data`);
}

function unreadable(file: string, line: number, why: string): PayloadKVError {
  return new PayloadKVError({
    code: 'SCHEMA_FILE_UNREADABLE',
    message: `The generated schema cannot be read: ${why}.`,
    location: { file, line },
    nextStep: 'Run `payload-kv sync --force` to write it anew.',
  });
}

/** Hash of the tokens. Quotes, commas, semicolons, line ends and comments are a formatter's business. */
function checksumOf(code: string): string {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, code);
  const hash = createHash('sha256');
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    if (token === ts.SyntaxKind.CommaToken || token === ts.SyntaxKind.SemicolonToken) continue;
    const text = token === ts.SyntaxKind.StringLiteral ? scanner.getTokenValue() : scanner.getTokenText();
    hash.update(`${JSON.stringify(text)}\n`);
  }
  return hash.digest('hex').slice(0, 32);
}
