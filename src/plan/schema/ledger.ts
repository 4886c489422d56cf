/**
 * What the tool wrote into a project: kept in the last line of `schema.generated.ts`, so that it travels with the
 * code. `sync` merges by it what a person changed there, `remove` takes back just what is there of it. It holds no
 * copy of anybody's file: only hashes of the files that were created, and the lines that were put into others or that
 * gave way there.
 */
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ts } from '../../inspect/typescript.js';
import type { FileChange } from '../plan.js';
import { type Hunk, hunksOf, undoHunks } from '../text/hunks.js';
import { lineEndingOf } from '../text/splice.js';
import { canGoFrom, formatOf, isWranglerConfig, withoutPutIn } from '../wrangler/wrangler-unbind.js';
import { isSchemaRecord, type SchemaRecord } from './schema-record.js';

/** What the tool wrote. Paths are relative to the project's root. */
export interface Ledger {
  /** The schema as last generated; absent where nothing tells. */
  schema?: SchemaRecord;
  /** Hashes of the files that were created, as they were written. */
  files: Record<string, string>;
  /** What was put into files that were there. */
  edits: Record<string, Hunk[]>;
  /** The files of {@link edits} out of which code of the site was taken; absent where there is none. */
  takenOut?: string[];
}

const MARK = '// What `payload-kv` wrote, for `sync` and `remove`: ';

/** The ledger of the largest site is a hundredth of it. */
const LARGEST_BYTES = 64 * 2 ** 20;

/** The ledger of a project that has none. */
export const EMPTY_LEDGER: Ledger = { files: {}, edits: {} };

/** The ledger in a `schema.generated.ts`; `undefined` where there is none, or none that can be read. */
export function readLedger(text: string | undefined): Ledger | undefined {
  const line = text?.split(/\r?\n/).find(isLedgerLine);
  if (line === undefined) return undefined;
  try {
    const packed = Buffer.from(line.slice(MARK.length).trim(), 'base64');
    const ledger: unknown = JSON.parse(
      inflateRawSync(packed, { maxOutputLength: LARGEST_BYTES }).toString('utf8'),
    );
    return isLedger(ledger) ? ledger : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is what {@link withLedger} wrote: a merge or a hand may have made something else of it. */
function isLedger(value: unknown): value is Ledger {
  if (!isObject(value)) return false;
  const { schema, files, edits, takenOut } = value;
  const isHunk = (hunk: unknown) =>
    isObject(hunk) &&
    typeof hunk.line === 'number' &&
    [hunk.lead, hunk.removed, hunk.added, hunk.trail].every((text) => typeof text === 'string');
  return (
    (schema === undefined || isSchemaRecord(schema)) &&
    isObject(files) &&
    Object.values(files).every((hash) => typeof hash === 'string') &&
    isObject(edits) &&
    Object.values(edits).every((hunks) => Array.isArray(hunks) && hunks.every(isHunk)) &&
    (takenOut === undefined ||
      (Array.isArray(takenOut) && takenOut.every((path) => typeof path === 'string')))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a line holds the ledger. */
export function isLedgerLine(line: string): boolean {
  return line.startsWith(MARK);
}

/** A `schema.generated.ts` with another ledger in it. */
export function withLedger(text: string, ledger: Ledger): string {
  const lineEnding = lineEndingOf(text);
  const line = MARK + deflateRawSync(JSON.stringify(ledger), { level: 9 }).toString('base64');
  const lines = text.split(/\r?\n/);
  const at = lines.findIndex(isLedgerLine);
  if (at === -1) return `${text}${/\n$/.test(text) ? '' : lineEnding}${lineEnding}${line}${lineEnding}`;
  const start = markIn(text);
  return text.slice(0, start) + line + text.slice(start + lines[at]!.length);
}

/** A `schema.generated.ts` without its ledger. */
export function withoutLedger(text: string): string {
  const start = markIn(text);
  return start === -1 ? text : `${text.slice(0, start).trimEnd()}${lineEndingOf(text)}`;
}

/** Where the ledger's line begins; what a slug may be called is no mark. */
function markIn(text: string): number {
  return text.startsWith(MARK) ? 0 : text.indexOf(`\n${MARK}`) + 1 || -1;
}

/** The ledger once these changes are written as well. */
export function recordChanges(ledger: Ledger, changes: readonly FileChange[]): Ledger {
  const next: Ledger = { ...ledger, files: { ...ledger.files }, edits: { ...ledger.edits } };
  for (const { path, before, after } of changes) {
    if (after === undefined) continue;
    if (before === undefined) next.files[path] = contentHash(after);
    else if (next.files[path] === undefined) {
      const edits = editsOf(path, ledger.edits[path] ?? [], before, after);
      if (edits.length > 0) next.edits[path] = edits;
      else delete next.edits[path];
    } else if (next.files[path] === contentHash(before)) next.files[path] = contentHash(after);
  }
  return next;
}

/**
 * What is ours in a file once it is `after`: seen from the text without anything of ours, so that it stays one edit
 * however often answers change.
 */
function editsOf(path: string, known: readonly Hunk[], before: string, after: string): Hunk[] {
  const { text, missed } = undoHunks(before, known, canGoFrom(path));
  // What was put in and changed by somebody since is known by its name.
  const rest = isWranglerConfig(path) ? withoutPutIn(text, formatOf(path), missed) : undefined;
  if (rest?.ok) return hunksOf(rest.content, after);
  // What somebody has taken out by hand meanwhile is no longer ours to take out; what was changed can be recognised.
  const lines = new Set(before.split('\n').map((line) => line.trim()));
  const left = missed.filter(
    (hunk) =>
      // What was taken out has to come back, even if by hand.
      (!/\w/.test(hunk.added) &&
        hunk.removed.split('\n').some((line) => /\w/.test(line) && !lines.has(line.trim()))) ||
      hunk.added.split('\n').some((line) => /\w/.test(line) && lines.has(line.trim())) ||
      textsPutIn(hunk).some((value) => before.includes(value)),
  );
  return [...left, ...hunksOf(text, after)];
}

/** The values in quotes that were put in: of a file on one line nothing else tells what is ours. */
function textsPutIn({ added, removed }: Hunk): string[] {
  const texts = [...added.matchAll(/("[^"\n]+"|'[^'\n]+')(\s*:)?/g)];
  return texts.flatMap(([, text, key]) => (key === undefined && !removed.includes(text!) ? [text!] : []));
}

/**
 * Hash of a file's code and comments. Quotes, commas, semicolons, white space and line ends are a formatter's
 * business.
 */
export function contentHash(code: string): string {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard, code);
  const hash = createHash('sha256');
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    if (ignored.has(token)) continue;
    const text = token === ts.SyntaxKind.StringLiteral ? scanner.getTokenValue() : scanner.getTokenText();
    hash.update(`${JSON.stringify(text.replace(/\s+/g, ' '))}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

const ignored = new Set([
  ts.SyntaxKind.CommaToken,
  ts.SyntaxKind.SemicolonToken,
  ts.SyntaxKind.WhitespaceTrivia,
  ts.SyntaxKind.NewLineTrivia,
]);
