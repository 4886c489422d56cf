/** Functions of Payload: `buildConfig`, merges, fields that it makes. */
import type { ts } from '../../typescript.js';
import type { Evaluator } from '../evaluator.js';
import {
  array,
  built,
  type Lazy,
  object,
  type PrimitiveValue,
  primitive,
  truthy,
  type Value,
} from '../value.js';
import { merged } from './merged.js';

/** Calls a function of Payload; `undefined` where it is not known. */
export function callPayload(
  evaluator: Evaluator,
  name: string,
  args: Lazy[],
  node: ts.Node,
): Value | undefined {
  if (name === 'buildConfig') return args[0] && built(args[0]());
  if (/^deepMerge/.test(name)) {
    const replacesArrays = name === 'deepMergeSimple' || name === 'deepMergeWithSourceArrays';
    return merged(args, node, replacesArrays ? 'arrays replaced' : 'arrays joined');
  }
  if (name === 'slugField') return slugField(evaluator, args, node);
  return undefined;
}

/** Payload's own `slugField`: a row with a checkbox and an indexed, unique text. */
function slugField(evaluator: Evaluator, args: Lazy[], node: ts.Node): Value {
  const options = args[0]?.() ?? primitive(node, undefined);
  function option(name: string, otherwise: PrimitiveValue['value']): Lazy {
    const given = evaluator.property(options, name, node);
    return () =>
      given.kind === 'primitive' && given.value === undefined ? primitive(node, otherwise) : given;
  }
  function field(properties: Record<string, Lazy>): Value {
    return object(node, () => ({ entries: new Map(Object.entries(properties)), gaps: [] }));
  }
  const row = field({
    type: () => primitive(node, 'row'),
    fields: () =>
      array(node, () => [
        field({
          name: option('checkboxName', 'generateSlug'),
          type: () => primitive(node, 'checkbox'),
          localized: option('localized', false),
        }),
        field({
          name: option('name', 'slug'),
          type: () => primitive(node, 'text'),
          index: () => primitive(node, true),
          unique: () => primitive(node, truthy(option('disableUnique', false)()) !== true),
          localized: option('localized', false),
        }),
      ]),
  });
  const overrides = evaluator.property(options, 'overrides', node);
  return overrides.kind === 'function' ? evaluator.call(overrides, [() => row], node) : row;
}
