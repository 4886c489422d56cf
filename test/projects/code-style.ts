/** Code style: what is written plainly elsewhere, as this project's formatter would leave it. */
import type { Draw } from './draw.js';

/** How a project's files are formatted. */
export interface CodeStyle {
  name: string;
  /** A file in this style, from its text in ours: two spaces, single quotes, semicolons, `\n`. */
  format(file: string, text: string): string;
}

/** Draws a style. */
export function drawCodeStyle(draw: Draw): CodeStyle {
  const quotes = draw(['single', 'double'] as const);
  const semicolons = draw([true, false]);
  const indent = draw(['  ', '  ', '\t', '    ']);
  const commas = draw([true, false]);
  const lineEnd = draw(['\n', '\n', '\n', '\r\n']);
  const byteOrderMark = draw([false, false, false, false, true]);
  const finalLineEnd = draw([true, true, true, false]);
  return {
    name: [
      `${quotes} quotes`,
      ...(semicolons ? [] : ['no semicolons']),
      indent === '\t' ? 'tabs' : `${indent.length} spaces`,
      ...(commas ? [] : ['no trailing commas']),
      ...(lineEnd === '\n' ? [] : ['windows line ends']),
      ...(byteOrderMark ? ['byte order mark'] : []),
      ...(finalLineEnd ? [] : ['no line end at the end']),
    ].join(', '),
    format(file, text) {
      let out = text.replace(/^(?: {2})+/gm, (spaces) => indent.repeat(spaces.length / 2));
      if (/\.[cm]?[jt]s$/.test(file)) {
        if (!semicolons) out = out.replace(/;$/gm, '');
        if (quotes === 'double') out = out.replaceAll("'", '"');
        if (!commas) out = out.replace(/,(\s*[}\])])/g, '$1');
        if (byteOrderMark && /payload\.config\.ts$/.test(file)) out = `\ufeff${out}`;
      }
      // YAML knows no tabs, and package managers write their own files.
      if (/\.ya?ml$|lock|rc$/.test(file)) return text;
      if (!finalLineEnd) out = out.replace(/\n$/, '');
      return out.replaceAll('\n', lineEnd);
    },
  };
}
