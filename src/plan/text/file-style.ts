import { type CodeStyle, detectCodeStyle } from '../../inspect/code-style.js';
import { ts } from '../../inspect/typescript.js';

/** The style of one file: its own habits, and the project's where it shows none. */
export function fileStyle(text: string, path: string, projectStyle: CodeStyle): CodeStyle {
  return detectCodeStyle([ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)], projectStyle);
}
