/**
 * What is known of functions that are not the project's own: a few of the language, of Node, of libraries and of Payload
 * itself. Any other call of a package stays an external value.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { callOfficial } from '../../official-plugins.js';
import type { ts } from '../../typescript.js';
import type { Evaluator } from '../evaluator.js';
import { type ExternalValue, type Lazy, plain, primitive, type Value } from '../value.js';
import { callLanguage } from './language.js';
import { COLLECTION_LIBRARY, callLibrary } from './library.js';
import { callPayload } from './payload.js';
import { seoField } from './seo-fields.js';

/** Calls something of a package or of the language. */
export function callExternal(
  evaluator: Evaluator,
  callee: ExternalValue,
  args: Lazy[],
  node: ts.Node,
): Value {
  const called: ExternalValue = { ...callee, node, args };
  if (callee.packageName === '') return callLanguage(evaluator, callee.name, args, node) ?? called;
  if (callee.packageName === 'path' || callee.packageName === 'node:path') {
    return callPath(callee.name, args, node) ?? called;
  }
  if (
    (callee.packageName === 'url' || callee.packageName === 'node:url') &&
    callee.name === 'fileURLToPath'
  ) {
    const url = args[0] ? plain(args[0]()) : undefined;
    return typeof url === 'string' && url.startsWith('file:') ? primitive(node, fileURLToPath(url)) : called;
  }
  if (COLLECTION_LIBRARY.test(callee.packageName)) {
    return callLibrary(evaluator, callee, args, node) ?? called;
  }
  if (/^payload(?:\/|$)/.test(callee.packageName) || callee.packageName === '@payloadcms/translations') {
    return callPayload(evaluator, callee.name, args, node) ?? called;
  }
  if (callee.packageName === '@payloadcms/plugin-seo')
    return seoField(evaluator, callee.name, args, node) ?? called;
  return callOfficial(evaluator, callee, args, node) ?? called;
}

/** Calls a function of Node's `path`; `undefined` where it is not known. */
function callPath(name: string, args: Lazy[], node: ts.Node): Value | undefined {
  const parts = args.map((arg) => plain(arg()));
  if (!parts.every((part) => typeof part === 'string')) return undefined;
  switch (name.replace(/^(?:posix|default)\./, '')) {
    case 'resolve':
      return primitive(node, path.resolve(...parts));
    case 'join':
      return primitive(node, path.join(...parts));
    case 'dirname':
      return parts[0] === undefined ? undefined : primitive(node, path.dirname(parts[0]));
    case 'basename':
      return parts[0] === undefined ? undefined : primitive(node, path.basename(parts[0]));
    default:
      return undefined;
  }
}
