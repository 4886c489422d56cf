/**
 * The edit of OpenNext's config: the tag cache that compares the versions of pages. One import and one member; what is not
 * surely a call of `defineCloudflareConfig` is left, with the lines to paste.
 */

import type { CodeStyle } from '../../inspect/code-style.js';
import { propertyName } from '../../inspect/property-name.js';
import { ts } from '../../inspect/typescript.js';
import type { TransformResult } from '../plan.js';
import { fileStyle } from '../text/file-style.js';
import { restyle } from '../text/restyle.js';
import { applyEdits, insertMember, lineAt } from '../text/splice.js';
import { declares, exportedObject, importEdit, membersOf, nodeIn } from './exported-object.js';
import { TAG_CACHE } from './next-config-edit.js';

/** Adds the tag cache to OpenNext's config. */
export function addTagCache(text: string, path: string, projectStyle: CodeStyle): TransformResult {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  if (text.includes(TAG_CACHE)) return { ok: true, content: text, modified: false };
  const style = fileStyle(text, path, projectStyle);
  const statement = restyle(`import tagCache from '${TAG_CACHE}';`, { ...style, lineEnding: '\n' });
  const refuse = (reason: string, at?: ts.Node): TransformResult => ({
    ok: false,
    reason,
    ...(at ? { line: lineAt(text, at.getStart()) } : {}),
    paste: [statement, '', 'tagCache,'].join('\n'),
  });
  const taken = nodeIn(source, (node) => declares(node, 'tagCache'));
  if (taken) return refuse('It has a `tagCache` of its own.', taken);
  const imported = importEdit(text, source, statement, style);
  const empty = emptyCall(source);
  if (empty) {
    const at = empty.end - 1;
    return {
      ok: true,
      content: applyEdits(text, [imported, { start: at, end: at, text: '{ tagCache }' }]),
      modified: true,
    };
  }
  const object = exportedObject(source);
  if (!object) return refuse('What it exports is not surely `defineCloudflareConfig({ … })`.');
  const member = object.properties.find(({ name }) => name && propertyName(name) === 'tagCache');
  if (member) return refuse('It has a `tagCache` of its own.', member);
  const inserted = insertMember(text, membersOf(object), 'tagCache', {
    ...style,
    trailingComma: style.trailingCommas,
  });
  return { ok: true, content: applyEdits(text, [imported, ...inserted]), modified: true };
}

/** `defineCloudflareConfig()`, where it is given nothing. */
function emptyCall(source: ts.SourceFile): ts.CallExpression | undefined {
  for (const statement of source.statements) {
    if (!ts.isExportAssignment(statement) || !ts.isCallExpression(statement.expression)) continue;
    const { expression: callee, arguments: args } = statement.expression;
    if (callee.getText() === 'defineCloudflareConfig' && args.length === 0) return statement.expression;
  }
  return undefined;
}
