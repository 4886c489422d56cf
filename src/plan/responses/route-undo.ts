/** Takes the response cache out of a route of Payload's again, by the lines that were put in or by what they say. */
import { ts } from '../../inspect/typescript.js';
import { nodeIn } from '../config/exported-object.js';
import type { Refusal } from '../plan.js';
import { type Hunk, undoHunks } from '../text/hunks.js';
import { isUse } from '../text/identifiers.js';
import { withoutName } from '../text/imports.js';
import { applyEdits, lineAt } from '../text/splice.js';
import {
  exportedConst,
  GRAPHQL,
  importOf,
  isRouteFile,
  namespaceImportOf,
  type PayloadHandler,
  parseRoute,
  RESPONSES_MODULE,
  REST,
  ROUTES_MODULE,
  WRAPPER,
  wrappingCall,
} from './route-file.js';

/** Whether a file is a route of Payload's that names the response cache. */
export const namesResponses = (text: string, path: string): boolean =>
  isRouteFile(path) && text.includes(ROUTES_MODULE) && text.includes(RESPONSES_MODULE);

/** The file without the response cache around Payload's handlers; `hunks` is what was put into it, where that is known. */
export function unwrapRoute(text: string, path: string, hunks: readonly Hunk[]): string {
  const undone = undoHunks(text, hunks);
  if (hunks.length > 0 && undone.missed.length === 0 && !lacksImport(undone.text, path)) return undone.text;
  // Somebody has changed a line of it, such as the policy: then it is known by its name.
  let content = text;
  for (const handler of [REST, GRAPHQL]) content = withoutCall(content, path, handler);
  const isOurs = hunks.some(
    ({ added, removed }) => /\* as graphql /.test(added) && !/\* as graphql /.test(removed),
  );
  const unwrapped = withoutName(content, path, WRAPPER, (module) => module === RESPONSES_MODULE);
  return isOurs ? withoutName(unwrapped, path, 'graphql', (module) => module === 'graphql') : unwrapped;
}

/** Where a file still names the response cache, for a person to take it out. */
export function stillWrapped(text: string, path: string): Refusal | undefined {
  if (!namesResponses(text, path)) return undefined;
  const source = parseRoute(text, path);
  const call = wrappingCall(source, REST) ?? wrappingCall(source, GRAPHQL);
  if (!call) return undefined;
  return {
    path,
    line: lineAt(text, call.getStart()),
    reason: `\`${WRAPPER}\` is used in a way that cannot be taken out safely.`,
    paste: (text.split(/\r?\n/)[lineAt(text, call.getStart()) - 1] ?? '').trim(),
    by: 'remove',
  };
}

/** Whether a name is used whose import is gone, as somebody has used it elsewhere in the file. */
function lacksImport(text: string, path: string): boolean {
  const source = parseRoute(text, path);
  const isUsed = (name: string) => nodeIn(source, (node) => isUse(node, name)) !== undefined;
  return (
    (isUsed(WRAPPER) && !importOf(source, RESPONSES_MODULE, WRAPPER)) ||
    (isUsed('graphql') && !namespaceImportOf(source, 'graphql', 'graphql'))
  );
}

/** The text with what was wrapped in the place of the call that wraps it. */
function withoutCall(text: string, path: string, handler: PayloadHandler): string {
  const source = parseRoute(text, path);
  const call = wrappingCall(source, handler);
  const inner = call?.arguments[0];
  if (!call || !inner || exportedConst(source, handler.method)?.initializer !== call) return text;
  const { expression: callee } = call;
  if (!ts.isIdentifier(callee) || callee.text !== WRAPPER) return text;
  const before = text.slice(callee.end, inner.getStart());
  // A comment above the handler is somebody's, and has no other place to be in.
  if (/\/[/*]/.test(before)) return text;
  return applyEdits(text, [
    { start: call.getStart(), end: inner.getStart(), text: '' },
    { start: inner.end, end: call.end, text: '' },
  ]);
}
