/** A file as `remove` leaves it: without what `init` put into it, and with what it took out. */
import { posix } from 'node:path';
import type { RemovableProject } from '../../inspect/removable.js';
import type { WranglerConfig } from '../../inspect/wrangler.js';
import type { WrapperShape } from '../../inspect/wrapper/shape.js';
import { unwire } from '../config/config-unwire.js';
import type { GeneratedPaths } from '../generated-paths.js';
import type { ProjectFiles, Refusal, TransformResult } from '../plan.js';
import { namesResponses, unwrapRoute } from '../responses/route-undo.js';
import type { Ledger } from '../schema/ledger.js';
import { type Hunk, undoHunks } from '../text/hunks.js';
import {
  declaredIn,
  declares,
  takeTypes,
  type WranglerTypes,
  wranglerTypesCommand,
} from '../wrangler/wrangler-types.js';
import { canGoFrom, withoutPutIn } from '../wrangler/wrangler-unbind.js';

/** What the plan of `remove` is made of. */
export interface RemoveInput {
  project: RemovableProject;
  /** Texts of the files of `filesToRemove`. */
  files: ProjectFiles;
  /** Texts of all source files that mention one of `WORDS`, by path. */
  sources: Readonly<Record<string, string>>;
  /** Which of the `importsToComeBack` lead to a file that is gone. Default none. */
  gone?: readonly ImportInFile[];
  /** Deletes files that somebody changed as well. */
  force?: boolean;
  /** What `wrangler types` makes of this very plan, where it wrote the types of the env since. */
  wranglerTypes?: WranglerTypes;
}

/** An import in a file of the project. */
export interface ImportInFile {
  path: string;
  specifier: string;
}

/** What the plan of `remove` goes by. */
export interface Context {
  input: RemoveInput;
  paths: GeneratedPaths;
  ledger: Ledger;
  /** Whether the ledger could be read. */
  isKnown: boolean;
  /** What the wrapper says, where it can be read. */
  shape: WrapperShape | undefined;
  notices: string[];
}

/** What became of a file, and what could not be put back into it. */
export type Undone = TransformResult & { lost?: Refusal[] };

/** A file without what was put into it, and with what was taken out of it. */
export function undone(context: Context, path: string, before: string): Undone {
  if (namesResponses(before, path) && !context.ledger.takenOut?.includes(path)) {
    const content = unwrapRoute(before, path, context.ledger.edits[path] ?? []);
    return { ok: true, content, modified: content !== before };
  }
  const { wrangler, cloudflareEnvTypes } = context.input.project;
  if (isCode(path) && path !== cloudflareEnvTypes) {
    const { text, lost } = unwound(context, path, before);
    const result = unwire(text, path, wrapperTest(path, context.paths));
    return result.ok ? { ...result, modified: result.content !== before, lost } : result;
  }
  const { text, missed } = undoHunks(before, context.ledger.edits[path] ?? [], canGoFrom(path));
  const rest = { context, path, text, missed };
  const result =
    path === wrangler?.path
      ? unbound(rest, wrangler)
      : path === cloudflareEnvTypes
        ? undeclared(rest, before)
        : ({ ok: true, content: text, modified: false } as const);
  return result.ok ? { ...result, modified: result.content !== before } : result;
}

function isCode(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path);
}

/** The hunks of a file in which what gave way is not all in what was put in its place: code was taken out there. */
export function hunksTakenOut({ edits, takenOut }: Ledger, path: string): Hunk[] {
  if (!takenOut?.includes(path)) return [];
  return (edits[path] ?? []).filter(({ removed, added }) => {
    const words = new Set(added.match(/[\w$]+/g));
    return (removed.match(/[\w$]+/g) ?? []).some((word) => !words.has(word));
  });
}

/**
 * A source file as far as its lines tell, to be unwired, and what could not be put back: a hook comes back with its
 * import, and only where both have their place.
 */
function unwound(
  { input, ledger }: Context,
  path: string,
  before: string,
): { text: string; lost: Refusal[] } {
  const hunks = ledger.edits[path] ?? [];
  const takenOut = hunksTakenOut(ledger, path);
  const gone = (input.gone ?? []).find((it) => it.path === path);
  const { text, missed } = undoHunks(before, hunks, canGoFrom(path));
  const missing = takenOut.filter((hunk) => missed.includes(hunk));
  // Somebody has put it back by hand.
  if (missing.length > 0 && takenOut.every(({ removed }) => isIn(before, removed))) {
    const others = hunks.filter((hunk) => !takenOut.includes(hunk));
    const isMixed = takenOut.some(({ added }) => /\w/.test(added));
    return { text: isMixed ? before : undoHunks(before, others, canGoFrom(path)).text, lost: [] };
  }
  if (takenOut.length > 0 && (gone || missing.length > 0)) {
    const reason = gone
      ? `\`${gone.specifier}\` is gone, which init had taken out there.`
      : 'Init had taken out lines there, and their place has changed since.';
    return { text: before, lost: takenOut.map(({ removed }) => ({ path, reason, paste: removed })) };
  }
  if (missed.length === 0) return { text, lost: [] };
  // Without the import, nothing would tell what uses it.
  return { text: undoHunks(before, takenOut, canGoFrom(path)).text, lost: [] };
}

/** What is said of a file that is gone, out of which code was taken. */
export function lostWith(path: string, ledger: Ledger): string[] {
  const lines = hunksTakenOut(ledger, path).flatMap(({ removed }) => removed.split('\n'));
  const first = lines.find((line) => /\w/.test(line))?.trim();
  return first === undefined
    ? []
    : [`${path} is gone, out of which init had taken lines such as \`${first}\`: they do not come back.`];
}

/** Whether every line of a piece is in a text. */
function isIn(text: string, piece: string): boolean {
  const lines = new Set(text.split('\n').map((line) => line.trim()));
  return piece.split('\n').every((line) => !/\w/.test(line) || lines.has(line.trim()));
}

interface Rest {
  context: Context;
  path: string;
  /** The text as far as it could be undone by its lines. */
  text: string;
  /** What was not found. */
  missed: Hunk[];
}

/** Whether a specifier in a file leads to the wrapper, by its path or by an alias of its directory. */
export function wrapperTest(
  from: string,
  { wrapper, directory }: GeneratedPaths,
): (specifier: string) => boolean {
  const name = posix.basename(directory);
  return (specifier) => {
    const bare = specifier.replace(/\.[cm]?[jt]s$/, '').replace(/\/index$/, '');
    if (/^\.{1,2}(\/|$)/.test(specifier))
      return posix.join(posix.dirname(from), bare) === posix.dirname(wrapper);
    return bare.endsWith(`/${name}`) && bare !== name;
  };
}

function unbound({ context, path, text, missed }: Rest, wrangler: WranglerConfig): TransformResult {
  if (missed.length === 0) return { ok: true, content: text, modified: false };
  const { ledger, input } = context;
  const result = withoutPutIn(text, wrangler.format, missed, mainsOf(ledger, input.files));
  if (result.ok) return { ...result, modified: result.content !== text };
  const { foreign, names } = result;
  const reason =
    foreign === undefined
      ? `${path} cannot be read.`
      : `It declares \`${foreign}\` more often than init wrote it.`;
  return { ok: false, reason, paste: names.map((name) => `"${name}"`).join('\n') };
}

/** Main modules that init replaced: the file that was created re-exports the one before. */
function mainsOf({ files }: Ledger, texts: ProjectFiles): { from: string; to: string }[] {
  return Object.keys(files).flatMap((path) => {
    const main = /^export \* from (["'])(.*\.open-next\/.*)\1/m.exec(texts[path] ?? '')?.[2];
    if (main === undefined) return [];
    const name = posix.basename(path);
    return [
      { from: main.replace(/^\.\//, ''), to: name },
      { from: main, to: `./${name}` },
    ];
  });
}

/** Without the bindings: as wrangler writes it then, or by their lines, which it may have written anew. */
function undeclared({ context, path, text, missed }: Rest, before: string): TransformResult {
  const { ledger, input, notices } = context;
  const { wranglerTypes } = input;
  const hunks = ledger.edits[path] ?? [];
  const bindings = declaredBy(hunks);
  const taken = wranglerTypes?.ok
    ? takeTypes({
        before,
        written: wranglerTypes.text,
        bindings,
        objects: hunks.some(({ added }) => added.includes('DurableObjectNamespace')),
      })
    : wranglerTypes;
  if (taken?.ok) return { ...taken, modified: taken.content !== before };
  if (taken) {
    notices.push(
      `\`wrangler types\` ${taken.reason}: only the type of the binding is taken out of ${path}. Run \`${wranglerTypesCommand(before)}\` at leisure.`,
    );
  }
  const names = declaredBy(missed);
  const lines = text.split('\n');
  const content = lines.filter((line) => !names.some((name) => declares(line, name))).join('\n');
  return { ok: true, content, modified: content !== text };
}

/** The bindings whose types were put in: by what was put in, not by the wrapper, whose answers may be others by now. */
function declaredBy(hunks: readonly Hunk[]): string[] {
  const declaredNames = (text: string) => text.split('\n').flatMap((line) => declaredIn(line) ?? []);
  const names = hunks.flatMap(({ added, removed }) => {
    const replaced = declaredNames(removed);
    return declaredNames(added).filter((name) => !replaced.includes(name));
  });
  return [...new Set(names)];
}
