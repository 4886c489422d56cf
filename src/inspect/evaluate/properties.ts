/** Properties: their names as they are written, and their values. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { officialConstant } from '../official-plugins.js';
import { ts } from '../typescript.js';
import type { Evaluation } from './evaluation.js';
import { CHANGING_METHODS, isChange, markChanged } from './mutations.js';
import { choice, type ExternalValue, plain, primitive, type Scope, unresolved, type Value } from './value.js';

/** The name of a property, computed or not; `undefined` where it is not known. */
export function propertyName(
  evaluation: Evaluation,
  name: ts.PropertyName,
  scope: Scope,
): string | undefined {
  if (ts.isIdentifier(name) || ts.isStringLiteralLike(name) || ts.isNumericLiteral(name)) return name.text;
  if (ts.isComputedPropertyName(name)) {
    const key = plain(evaluation.evaluate(name.expression, scope));
    return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
  }
  return undefined;
}

/** The value of a property; `undefined` as a primitive where there is none. */
export function property(evaluation: Evaluation, value: Value, name: string, node: ts.Node): Value {
  switch (value.kind) {
    case 'object': {
      const entry = value.entries().get(name);
      if (entry) return entry();
      return value.gaps()[0] ?? primitive(node, undefined);
    }
    case 'array': {
      if (name === 'length') {
        const items = value.items();
        return items.every((item) => item.kind !== 'unresolved' && item.kind !== 'choice')
          ? primitive(node, items.length)
          : unresolved(node, 'the length of the array is not known');
      }
      if (/^\d+$/.test(name)) {
        const items = value.items();
        const item = items[Number(name)] ?? primitive(node, undefined);
        const change = items.find(isChange);
        return change ? choice(node, [item, change]) : item;
      }
      // A method that is not called at once may be called of the array later on.
      if (CHANGING_METHODS.has(name)) markChanged(value, node);
      return unresolved(node, `the array's '${name}' is not known`);
    }
    case 'primitive':
      if (typeof value.value === 'string' && name === 'length') return primitive(node, value.value.length);
      // Of an option that may be `true` or an object, what the object would say is asked.
      return value.value === undefined || value.value === null || typeof value.value === 'boolean'
        ? primitive(node, undefined)
        : unresolved(node, `'${name}' is not known`);
    case 'choice':
      return choice(
        node,
        value.options.map((option) => property(evaluation, option, name, node)),
      );
    case 'external': {
      const constant = officialConstant(evaluation, value);
      if (constant) return property(evaluation, constant, name, node);
      return externalProperty(value, name, node);
    }
    case 'function':
      return primitive(node, undefined);
    case 'unresolved':
      return value;
  }
}

/** Of what the surroundings have only places are known; of a package, that there is something of the name. */
function externalProperty(value: ExternalValue, name: string, node: ts.Node): Value {
  const { packageName, name: base, args } = value;
  if (packageName === '' && base === 'import.meta') {
    const file = node.getSourceFile().fileName;
    if (name === 'url') return primitive(node, pathToFileURL(file).href);
    if (name === 'dirname') return primitive(node, path.dirname(file));
    if (name === 'filename') return primitive(node, file);
  }
  if (packageName === '' && (base === 'process.env' || base === 'import.meta.env')) {
    return unresolved(node, `it depends on the environment variable ${name}`);
  }
  if (args) return value;
  const whole = base === '*' || base === 'default' ? name : `${base}.${name}`;
  return { kind: 'external', node, packageName, name: whole };
}
