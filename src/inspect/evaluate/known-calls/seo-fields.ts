/** Fields that functions of Payload's plugin for search engines make. */
import type { ts } from '../../typescript.js';
import type { Evaluator } from '../evaluator.js';
import { type Lazy, nullish, object, primitive, type Value } from '../value.js';
import { merged } from './merged.js';

/** The fields of Payload's plugin for search engines that a collection may list itself: names and types, by function. */
const SEO_FIELDS: Record<string, [name: string, type: string]> = {
  MetaDescriptionField: ['description', 'textarea'],
  MetaImageField: ['image', 'upload'],
  MetaTitleField: ['title', 'text'],
  OverviewField: ['overview', 'ui'],
  PreviewField: ['preview', 'ui'],
};

/** Calls one of its functions that make a field; `undefined` where it is not known. */
export function seoField(
  evaluator: Evaluator,
  called: string,
  args: Lazy[],
  node: ts.Node,
): Value | undefined {
  const [name, type] = SEO_FIELDS[called] ?? [];
  if (name === undefined || type === undefined) return undefined;
  const options = args[0]?.() ?? primitive(node, undefined);
  const entries: Record<string, Lazy> = {
    name: () => primitive(node, name),
    type: () => primitive(node, type),
    localized: () => primitive(node, type !== 'ui'),
    ...(type === 'upload' ? { relationTo: () => evaluator.property(options, 'relationTo', node) } : {}),
  };
  const field = object(node, () => ({ entries: new Map(Object.entries(entries)), gaps: [] }));
  const overrides = evaluator.property(options, 'overrides', node);
  if (nullish(overrides)) return field;
  return merged([() => field, () => overrides], node, 'shallow');
}
