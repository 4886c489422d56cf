/** One import as it is written. */
export interface WrittenImport {
  specifier: string;
  /** Line, counted from 1. */
  line: number;
}

/** The imports, re-exports and `require`s of a text, as far as their specifiers are literal. */
export function importsIn(text: string): WrittenImport[] {
  const pattern = /\b(?:from|import|require)\s*\(?\s*(["'])([^"'\n]+)\1/g;
  return [...text.matchAll(pattern)].map((match) => ({
    specifier: match[2]!,
    line: text.slice(0, match.index).split('\n').length,
  }));
}
