/** Taking a statement out of a source file, as if it had never been there. */
import type { ts } from '../../inspect/typescript.js';

/** The text without a statement, and without its line where it had one of its own. */
export function removeStatement(text: string, source: ts.SourceFile, statement: ts.Statement): string {
  const start = statement.getStart(source);
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const rest = /^[ \t]*(\r?\n|$)/.exec(text.slice(statement.end));
  const alone = /^\ufeff?[ \t]*$/.test(text.slice(lineStart, start)) && rest !== null;
  const from = alone ? start - /[ \t]*$/.exec(text.slice(lineStart, start))![0].length : start;
  const to = alone ? statement.end + rest[0].length : statement.end;
  const gap = alone && isBlank(text.slice(0, from)) ? /^(\r?\n)?/.exec(text.slice(to))![0].length : 0;
  return text.slice(0, from) + text.slice(to + gap);
}

/** Whether nothing stands before, or an empty line does: then one empty line after goes with the statement. */
function isBlank(before: string): boolean {
  return /^\ufeff?$/.test(before) || /\n\r?\n$/.test(before);
}
