/** Methods of strings. */
import type { ts } from '../../typescript.js';
import { array, type Lazy, type PrimitiveValue, plain, primitive, type Value } from '../value.js';

/** Calls a method of a string; `undefined` where the method is not known. */
export function stringMethod(
  target: PrimitiveValue,
  name: string,
  args: Lazy[],
  node: ts.Node,
): Value | undefined {
  if (name === 'toString') return primitive(node, String(target.value));
  if (typeof target.value !== 'string') return undefined;
  const given = args.map((arg) => plain(arg()));
  const text = target.value;
  const [first, second] = given;
  switch (name) {
    case 'toLowerCase':
      return primitive(node, text.toLowerCase());
    case 'toUpperCase':
      return primitive(node, text.toUpperCase());
    case 'trim':
      return primitive(node, text.trim());
    case 'concat':
      return primitive(node, text.concat(...given.map(String)));
    case 'slice':
      return typeof first === 'number'
        ? primitive(node, text.slice(first, typeof second === 'number' ? second : undefined))
        : undefined;
    case 'charAt':
      return typeof first === 'number' ? primitive(node, text.charAt(first)) : undefined;
    case 'startsWith':
      return typeof first === 'string' ? primitive(node, text.startsWith(first)) : undefined;
    case 'endsWith':
      return typeof first === 'string' ? primitive(node, text.endsWith(first)) : undefined;
    case 'includes':
      return typeof first === 'string' ? primitive(node, text.includes(first)) : undefined;
    case 'replace':
    case 'replaceAll':
      if (typeof first !== 'string' || typeof second !== 'string') return undefined;
      return primitive(
        node,
        name === 'replace' ? text.replace(first, second) : text.split(first).join(second),
      );
    case 'split':
      return typeof first === 'string'
        ? array(node, () => text.split(first).map((part) => primitive(node, part)))
        : undefined;
    default:
      return undefined;
  }
}
