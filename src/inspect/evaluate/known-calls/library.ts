/** Functions of libraries like lodash: over objects and arrays, and deep merges. */
import type { ts } from '../../typescript.js';
import type { Evaluator } from '../evaluator.js';
import type { ExternalValue, Lazy, Value } from '../value.js';
import { callLanguage } from './language.js';
import { merged } from './merged.js';
import { callMethod } from './methods.js';

/** Libraries of functions over objects and arrays, and of deep merges. */
export const COLLECTION_LIBRARY =
  /^(?:lodash(?:-es|\..+)?|es-toolkit|remeda|radash|ramda|deepmerge(?:-ts)?|ts-deepmerge|defu)$/;

/** Calls a function of such a library; `undefined` where it is not known. */
export function callLibrary(
  evaluator: Evaluator,
  { packageName, name }: ExternalValue,
  args: Lazy[],
  node: ts.Node,
): Value | undefined {
  // `lodash.merge` and `deepmerge` are their default export; `_.merge` is a property of lodash's.
  const known = /^(?:default|\*)$/.test(name)
    ? packageName.replace(/^lodash\./, '')
    : name.replace(/^.*\./, '');
  switch (known) {
    case 'values':
    case 'keys':
      return callLanguage(evaluator, `Object.${known}`, args, node);
    case 'compact': {
      const value = args[0]?.();
      const truth: Lazy = () => ({ kind: 'external', node, packageName: '', name: 'Boolean' });
      return value?.kind === 'array' ? callMethod(evaluator, value, 'filter', [truth], node) : undefined;
    }
    case 'merge':
      return merged(args, node, packageName.startsWith('lodash') ? 'arrays by index' : 'arrays joined');
    case 'assign':
      return merged(args, node, 'shallow');
    case 'deepmerge':
    case 'deepmerge-ts':
      return merged(packageName === 'deepmerge' ? args.slice(0, 2) : args, node, 'arrays joined');
    case 'mergeDeepRight':
    case 'mergeDeep':
      return merged(args, node, 'arrays replaced');
    case 'defu':
      return merged([...args].reverse(), node, 'arrays joined');
    default:
      return undefined;
  }
}
