/** How the project's own code is written, so that what the tool writes looks like it. */
import { ts } from './typescript.js';

/** The style of the project's code. */
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

/** What most projects do, and our templates. */
export const USUAL_STYLE: CodeStyle = {
  quotes: 'single',
  semicolons: true,
  indent: '  ',
  lineEnding: '\n',
  trailingCommas: true,
  importExtension: '',
};

/**
 * The style of most of the given files; the first one, the config, decides where they are even. What none of them shows
 * is as `otherwise` says.
 */
export function detectCodeStyle(sources: ts.SourceFile[], otherwise: CodeStyle = USUAL_STYLE): CodeStyle {
  const files = sources.filter((source) => !/\.json$/.test(source.fileName));
  const votes = files.map(countIn);
  function most<T>(of: (count: Counts) => Map<T, number>, usual: T): T {
    const total = new Map<T, number>();
    // The config's own habits come first, and stay first where the counts are even.
    for (const vote of votes)
      for (const [habit, count] of of(vote)) total.set(habit, (total.get(habit) ?? 0) + count);
    let best = usual;
    let highest = 0;
    for (const [habit, count] of total) {
      if (count > highest) {
        best = habit;
        highest = count;
      }
    }
    return best;
  }
  return {
    quotes: most((count) => count.quotes, otherwise.quotes),
    semicolons: most((count) => count.semicolons, otherwise.semicolons),
    indent: most((count) => count.indent, otherwise.indent),
    lineEnding: most((count) => count.lineEnding, otherwise.lineEnding),
    trailingCommas: most((count) => count.trailingCommas, otherwise.trailingCommas),
    importExtension: most((count) => count.importExtension, otherwise.importExtension),
  };
}

interface Counts {
  quotes: Map<'single' | 'double', number>;
  semicolons: Map<boolean, number>;
  indent: Map<string, number>;
  lineEnding: Map<'\n' | '\r\n', number>;
  trailingCommas: Map<boolean, number>;
  importExtension: Map<'' | '.js' | '.ts', number>;
}

function countIn(source: ts.SourceFile): Counts {
  const { text } = source;
  const counts: Counts = {
    quotes: new Map(),
    semicolons: new Map(),
    indent: new Map(),
    lineEnding: new Map(),
    trailingCommas: new Map(),
    importExtension: new Map(),
  };
  function add<T>(of: Map<T, number>, habit: T): void {
    of.set(habit, (of.get(habit) ?? 0) + 1);
  }
  function visit(node: ts.Node): void {
    if (ts.isStringLiteral(node) && !ts.isJsxAttribute(node.parent)) {
      // Neither kind of quote counts where the text holds one of the other.
      const written = text.slice(node.getStart(source), node.end);
      if (!/['"]/.test(written.slice(1, -1)))
        add(counts.quotes, written.startsWith('"') ? 'double' : 'single');
    }
    if (
      ts.isImportDeclaration(node) ||
      ts.isExportAssignment(node) ||
      ts.isVariableStatement(node) ||
      ts.isExpressionStatement(node) ||
      ts.isReturnStatement(node)
    ) {
      add(counts.semicolons, text[node.end - 1] === ';');
    }
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const { text: specifier } = node.moduleSpecifier;
      if (specifier.startsWith('.')) {
        const extension = /\.[jt]s$/.exec(specifier)?.[0];
        add(counts.importExtension, extension === '.js' || extension === '.ts' ? extension : '');
      }
    }
    if (ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node)) {
      const members = ts.isObjectLiteralExpression(node) ? node.properties : node.elements;
      const last = members.at(-1);
      if (last && lineOf(source, last.end) !== lineOf(source, node.end - 1)) {
        add(counts.trailingCommas, members.hasTrailingComma === true);
      }
      const first = members[0];
      if (first && lineOf(source, first.getStart(source)) !== lineOf(source, node.getStart(source))) {
        const unit = indentStep(
          lineIndent(text, node.getStart(source)),
          lineIndent(text, first.getStart(source)),
        );
        if (unit) add(counts.indent, unit);
      }
    }
    ts.forEachChild(node, visit);
  }
  visit(source);
  for (const match of text.matchAll(/\r?\n/g)) add(counts.lineEnding, match[0] as '\n' | '\r\n');
  return counts;
}

function lineOf(source: ts.SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line;
}

/** The white space at the beginning of the line that holds the position. */
export function lineIndent(text: string, position: number): string {
  const start = text.lastIndexOf('\n', position - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start))?.[0] ?? '';
}

function indentStep(outer: string, inner: string): string | undefined {
  if (!inner.startsWith(outer) || inner.length === outer.length) return undefined;
  const step = inner.slice(outer.length);
  return step === '\t' || /^(?: {2}| {3}| {4}| {8})$/.test(step) ? step : undefined;
}
