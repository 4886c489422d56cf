/** Functions of the language, and those of Node that are there without an import. */
import type { ts } from '../../typescript.js';
import type { Evaluator } from '../evaluator.js';
import { array, type Lazy, object, plain, primitive, truthy, type Value } from '../value.js';
import { merged } from './merged.js';
import { callMethod } from './methods.js';

/** Calls a function of the language or of Node's globals; `undefined` where it is not known. */
export function callLanguage(
  evaluator: Evaluator,
  name: string,
  args: Lazy[],
  node: ts.Node,
): Value | undefined {
  const first = args[0];
  switch (name) {
    case 'process.cwd':
      return primitive(node, evaluator.files.root);
    case 'Boolean': {
      const known = first ? truthy(first()) : false;
      return known === undefined ? undefined : primitive(node, known);
    }
    case 'String': {
      const value = first?.();
      return value?.kind === 'primitive' ? primitive(node, String(value.value)) : undefined;
    }
    case 'Promise.resolve':
    case 'Object.freeze':
    case 'Object.preventExtensions':
    case 'Object.seal':
      return first?.();
    case 'structuredClone': {
      const value = first?.();
      if (value?.kind === 'array') return array(node, () => [...value.items()]);
      if (value?.kind !== 'object') return value;
      return object(node, () => ({ entries: new Map(value.entries()), gaps: [...value.gaps()] }));
    }
    case 'Promise.all':
    case 'Array.from': {
      const value = first?.();
      if (value?.kind !== 'array') return undefined;
      const callback = args[1];
      if (name === 'Promise.all' || !callback) return value;
      return callMethod(evaluator, value, 'map', [callback], node);
    }
    case 'Array.isArray': {
      const value = first?.();
      if (!value || value.kind === 'unresolved' || value.kind === 'external' || value.kind === 'choice')
        return undefined;
      return primitive(node, value.kind === 'array');
    }
    case 'Object.assign':
      return merged(args, node, 'shallow');
    case 'Object.values':
    case 'Object.keys':
    case 'Object.entries': {
      const value = first?.();
      if (value?.kind !== 'object') return undefined;
      return array(node, () => [
        ...[...value.entries()].map(([key, entry]) => {
          if (name === 'Object.values') return entry();
          if (name === 'Object.keys') return primitive(node, key);
          return array(node, () => [primitive(node, key), entry()]);
        }),
        ...value.gaps(),
      ]);
    }
    case 'Object.fromEntries': {
      const value = first?.();
      if (value?.kind !== 'array') return undefined;
      return object(node, () => {
        const entries = new Map<string, Lazy>();
        const gaps: Value[] = [];
        for (const pair of value.items()) {
          const key = pair.kind === 'array' && pair.items()[0] ? plain(pair.items()[0]!) : undefined;
          if (pair.kind !== 'array' || typeof key !== 'string') gaps.push(pair);
          else entries.set(key, () => pair.items()[1] ?? primitive(node, undefined));
        }
        return { entries, gaps };
      });
    }
    default:
      return undefined;
  }
}
