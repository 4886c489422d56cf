/** How the project's own code is written, so that what the tool writes looks like it. */
export interface CodeStyle {
  quotes: 'single' | 'double';
  semicolons: boolean;
  /** One level of indentation: a tab or a number of spaces, as text. */
  indent: string;
  lineEnding: '\n' | '\r\n';
  trailingCommas: boolean;
  /** What relative imports end in: nothing, `.js` or `.ts`. */
  importExtension: '' | '.js' | '.ts';
}
