/** The Worker's main module, from which the class of the Durable Objects must be exported. */
import { posix } from 'node:path';
import type { CodeStyle } from '../../inspect/code-style.js';
import { ts } from '../../inspect/typescript.js';
import type { WranglerConfig } from '../../inspect/wrangler.js';
import { TAGS_CLASS } from '../answers.js';
import type { TransformResult } from '../plan.js';
import { quote } from '../text/literal.js';
import { restyle } from '../text/restyle.js';
import { applyEdits, lineEndingOf } from '../text/splice.js';
import { fillTemplate } from '../text/template.js';

/** What is to be known of the project. */
export interface WorkerEntryInput {
  wrangler: WranglerConfig;
  /** Texts by path relative to the project's root. */
  files: Readonly<Record<string, string | undefined>>;
  /** Whether the project is written in TypeScript. */
  typed: boolean;
  style: CodeStyle;
  template: string;
}

/** What happens to one main module. */
export interface WorkerEntryEdit {
  /** `main` as the wrangler config has it. */
  main: string | undefined;
  /** The module that exports the class then, relative to the project's root. */
  path: string;
  /** `main` as the wrangler config is to have it, where that is another. */
  newMain?: string;
  /** Text of the module before; absent where it is created. */
  before?: string;
  result: TransformResult;
}

/** The main modules that a wrangler config names: one, unless an environment has its own. */
export function workerMains(wrangler: WranglerConfig): (string | undefined)[] {
  const own = Object.values(wrangler.env).flatMap(({ main }) => (main === undefined ? [] : [main]));
  return [...new Set([wrangler.main, ...own])];
}

/** Paths of the files that {@link exportTagsClass} looks at. */
export function workerFiles(wrangler: WranglerConfig, typed: boolean): string[] {
  const mains = workerMains(wrangler).flatMap((main) =>
    main === undefined ? [] : [workerPath(wrangler, main)],
  );
  return [...new Set([...mains, ownEntry(wrangler, typed)])];
}

/** The edits after which each main module exports the class. */
export function exportTagsClass(input: WorkerEntryInput): WorkerEntryEdit[] {
  return workerMains(input.wrangler).map((main) => entryEdit(input, main));
}

function entryEdit(input: WorkerEntryInput, main: string | undefined): WorkerEntryEdit {
  const { wrangler, files, typed, style } = input;
  if (main === undefined) {
    return {
      main,
      path: wrangler.path,
      result: refusal(`${wrangler.path} names no \`main\`, from which the class could be exported.`, style),
    };
  }
  const path = workerPath(wrangler, main);
  if (isBuiltByOpenNext(main)) {
    const entry = ownEntry(wrangler, typed);
    const newMain = (main.startsWith('./') ? './' : '') + posix.basename(entry);
    const before = files[entry];
    if (before === undefined) {
      return { main, path: entry, newMain, result: edited(renderEntry(input, main)) };
    }
    if (exportsName(before, TAGS_CLASS)) {
      return { main, path: entry, newMain, before, result: { ok: true, content: before, modified: false } };
    }
    const result = refusal(`${entry} is there already, and it is not the Worker's main module.`, style);
    return { main, path: entry, before, result };
  }
  const before = files[path];
  if (before === undefined) {
    const result = refusal(`${path}, the main module of ${wrangler.path}, is not there to be edited.`, style);
    return { main, path, result };
  }
  return { main, path, before, result: exportFrom(before, path, style) };
}

/** Whether a module of OpenNext's build is meant: it is written anew each time. */
export function isBuiltByOpenNext(main: string): boolean {
  return /(^|\/)\.open-next\//.test(main);
}

/** Whether a module exports something by that name, as far as its own text says. */
export function exportsName(text: string, name: string): boolean {
  const source = ts.createSourceFile('worker.ts', text, ts.ScriptTarget.Latest, true);
  return source.statements.some((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause, moduleSpecifier } = statement;
      if (exportClause && ts.isNamedExports(exportClause))
        return exportClause.elements.some((element) => element.name.text === name);
      const from = moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : '';
      return !exportClause && from === 'payload-kv/cloudflare' && name === TAGS_CLASS;
    }
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return false;
    if (ts.isClassDeclaration(statement)) return statement.name?.text === name;
    return (
      ts.isVariableStatement(statement) &&
      statement.declarationList.declarations.some((it) => ts.isIdentifier(it.name) && it.name.text === name)
    );
  });
}

function exportFrom(text: string, path: string, style: CodeStyle): TransformResult {
  if (exportsName(text, TAGS_CLASS)) return { ok: true, content: text, modified: false };
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const statements = [...source.statements];
  const isModule = statements.some((it) => ts.isExportAssignment(it) || ts.isExportDeclaration(it));
  if (!isModule) return refusal(`${path} has no default export, as the module of a Worker has.`, style);
  const lineEnding = lineEndingOf(text);
  const line = exportLine({ ...style, lineEnding });
  const last = statements.filter((it) => ts.isImportDeclaration(it)).at(-1);
  const at = last ? last.getEnd() : text.trimEnd().length;
  const gap = last ? lineEnding : text.trim() === '' ? '' : lineEnding + lineEnding;
  return edited(applyEdits(text, [{ start: at, end: at, text: (last ? gap + gap : gap) + line }]));
}

function exportLine(style: CodeStyle): string {
  return restyle(`export { ${TAGS_CLASS} } from 'payload-kv/cloudflare';`, style);
}

function renderEntry({ template, style, wrangler, typed }: WorkerEntryInput, main: string): string {
  const specifier = posix.relative(posix.dirname(wrangler.path), workerPath(wrangler, main));
  const code = fillTemplate(template, {
    ignore: typed ? '// @ts-ignore: it is there once the site is built' : '',
    builtModule: quote(`./${specifier}`),
    className: TAGS_CLASS,
  });
  return restyle(code, style);
}

function refusal(reason: string, style: CodeStyle): TransformResult {
  return { ok: false, reason, paste: exportLine(style) };
}

function edited(content: string): TransformResult {
  return { ok: true, content, modified: true };
}

/** Path of a main module, relative to the project's root. */
export function workerPath(wrangler: WranglerConfig, main: string): string {
  return posix.join(posix.dirname(wrangler.path), main);
}

function ownEntry(wrangler: WranglerConfig, typed: boolean): string {
  return posix.join(posix.dirname(wrangler.path), typed ? 'worker.ts' : 'worker.mjs');
}
