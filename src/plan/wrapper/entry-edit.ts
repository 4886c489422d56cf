/**
 * Single properties of the entries that a wrapper has for collections and globals. Each is a splice; what is not a literal
 * is left, with the lines to paste.
 */
import type { CodeStyle } from '../../inspect/code-style.js';
import { asObject, valueIn, type WrittenValue } from '../../inspect/written-value.js';
import { propertyKey, quote } from '../text/literal.js';
import type { WrapperEdit } from './wrapper-edit.js';
import { printTTL } from './wrapper-file.js';
import { type WrapperText, wrapperText } from './wrapper-text.js';

/** What is to be otherwise in the entry of one collection or global. Absent: what stays. */
export interface EntryChange {
  type: 'collections' | 'globals';
  slug: string;
  /** As typed. */
  ttl?: string;
  /** All slices that there are to be. */
  slices?: readonly string[];
  /** `false` turns caching off, and keeps the entry. */
  enabled?: false;
  allowAuth?: 'without-secrets';
}

/** A property as code, and which values it may take the place of. */
interface Property {
  name: string;
  code: string;
  over: readonly WrittenValue['kind'][];
}

/** Changes entries of a wrapper; one that is not there is added, where the wrapper has a literal for them. */
export function changeEntries(
  before: string,
  path: string,
  changes: readonly EntryChange[],
  projectStyle: CodeStyle,
): WrapperEdit {
  const wrapper = wrapperText(before, path, projectStyle);
  for (const change of changes) changeEntry(wrapper, change);
  return { text: wrapper.current(), refusals: wrapper.refusals };
}

function changeEntry(wrapper: WrapperText, change: EntryChange): void {
  const { type, slug } = change;
  const properties = propertiesOf(change);
  const entry = stripped(wrapper.styled(`{ ${propertyKey(slug)}: ${objectOf(properties)} }`));
  const options = wrapper.shape()?.options;
  const policies = wrapper.shape()?.[type];
  if (!policies) {
    // Without the option all are cached: one that names some leaves out the others.
    const value = valueIn(options, type);
    const reason = value
      ? `\`${type}\` is no object literal.`
      : `\`${type}\` is not there, so that all are cached: an entry for one would leave out the others.`;
    wrapper.refuse(reason, `${type}: { ${entry} },`, value);
    return;
  }
  const member = policies.members.find(({ name }) => name === slug);
  if (!member) {
    if (policies.open)
      wrapper.refuse(`\`${type}\` holds what is not written there: it may have \`${slug}\`.`, `${entry},`);
    else wrapper.insert(policies, entry, { ownLine: true });
    return;
  }
  if (!asObject(member.value)) {
    wrapper.refuse(`The entry of \`${slug}\` is no object literal.`, `${entry},`, member);
    return;
  }
  if (properties.length === 0)
    wrapper.refuse(`\`${slug}\` has an entry, which turns caching off.`, `${entry},`, member);
  for (const property of properties) setProperty(wrapper, change, property);
}

function propertiesOf({ ttl, slices, enabled, allowAuth }: EntryChange): Property[] {
  const properties: Property[] = [];
  if (allowAuth) properties.push({ name: 'allowAuth', code: quote(allowAuth), over: ['text'] });
  if (ttl !== undefined) properties.push({ name: 'ttl', code: printTTL(ttl), over: ['text', 'number'] });
  if (slices)
    properties.push({
      name: 'slices',
      code: `[${slices.map((it) => quote(it)).join(', ')}]`,
      over: ['list'],
    });
  if (enabled === false) properties.push({ name: 'enabled', code: 'false', over: ['true'] });
  return properties;
}

const objectOf = (properties: readonly Property[]): string =>
  properties.length === 0 ? '{}' : `{ ${properties.map(({ name, code }) => `${name}: ${code}`).join(', ')} }`;

const stripped = (object: string): string => object.replace(/^\{\s*|,?\s*\}$/g, '');

function setProperty(
  wrapper: WrapperText,
  { type, slug }: EntryChange,
  { name, code, over }: Property,
): void {
  const written = wrapper.styled(code);
  const policy = asObject(wrapper.shape()?.[type]?.members.find((it) => it.name === slug)?.value);
  if (!policy) return;
  const current = valueIn(policy, name);
  if (!current) {
    if (policy.members.some((it) => it.name === name || it.name === undefined))
      wrapper.refuse(
        `\`${name}\` of \`${slug}\` may be written in another way.`,
        `${name}: ${written},`,
        policy,
      );
    else wrapper.insert(policy, `${name}: ${written}`);
  } else if (wrapper.textOf(current) === written) return;
  else if (!over.includes(current.kind) || !isLiteral(current))
    wrapper.refuse(`\`${name}\` of \`${slug}\` is no literal.`, `${name}: ${written},`, current);
  else wrapper.replace(current, written);
}

/** Whether all of a list is written there. */
function isLiteral(value: WrittenValue): boolean {
  return value.kind !== 'list' || value.elements.every(({ kind }) => kind === 'text');
}
