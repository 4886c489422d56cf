/** Reading evaluated values: what is not known is noted, and counts as present. */
import {
  externalName,
  nullish,
  type ObjectValue,
  plain,
  primitive,
  reasonOf,
  truthy,
  type Value,
} from '../evaluate/value.js';
import { CONDITION, note, noteCondition, PASSED } from './notes.js';
import type { Reading } from './reading.js';

/** A property. One that a spread may hold which was not resolved counts as absent: the spread itself is noted. */
export function get(owner: ObjectValue, name: string): Value {
  return owner.entries().get(name)?.() ?? primitive(owner.node, undefined);
}

/** The elements of an array that may be missing; of a condition both outcomes. */
export function list(reading: Reading, value: Value, part: string): Value[] {
  if (value.kind === 'primitive' && (nullish(value) || value.value === false)) return [];
  if (value.kind === 'choice') {
    noteCondition(reading, value, part);
    return value.options.flatMap((option) => list(reading, option, part));
  }
  if (value.kind !== 'array') {
    note(reading, part, value.node, reasonOf(value) ?? 'it is no array');
    return [];
  }
  return value.items().flatMap((item) => listItem(reading, item, part));
}

function listItem(reading: Reading, item: Value, part: string): Value[] {
  switch (item.kind) {
    case 'choice':
      noteCondition(reading, item, part);
      return item.options.flatMap((option) => listItem(reading, option, part));
    case 'primitive':
      return item.value === false || nullish(item) || item.value === '' ? [] : [item];
    case 'unresolved':
    case 'function':
      note(reading, part, item.node, reasonOf(item) ?? 'it is a function');
      return [];
    default:
      return [item];
  }
}

/** An object; of a call of a package that is given one, that one. */
export function asObject(
  reading: Reading,
  value: Value,
  part: string,
  marks: string[],
): ObjectValue | undefined {
  if (value.kind === 'object') return value;
  if (value.kind === 'external' && value.args) {
    for (const arg of value.args) {
      const given = arg();
      if (given.kind === 'object' && marks.every((mark) => given.entries().has(mark))) {
        note(reading, part, value.node, `${PASSED} ${externalName(value)}, which may change it`);
        return given;
      }
    }
  }
  note(reading, part, value.node, reasonOf(value) ?? 'it is no object');
  return undefined;
}

/** Whether it is set; what is not known counts as set. */
export function flag(reading: Reading, owner: ObjectValue, name: string, part: string): boolean {
  const value = get(owner, name);
  const known = truthy(value);
  if (known !== undefined) return known;
  note(reading, `${part}.${name}`, value.node, reasonOf(value) ?? CONDITION);
  return true;
}

/** A text; of a condition the first outcome that is one. */
export function text(reading: Reading, value: Value, part: string): string | undefined {
  if (value.kind === 'primitive') return typeof value.value === 'string' ? value.value : undefined;
  note(reading, part, value.node, reasonOf(value) ?? 'it is no text');
  if (value.kind !== 'choice') return undefined;
  return value.options.map(plain).find((option) => typeof option === 'string');
}

/** One text or several; of a condition all outcomes. */
export function texts(reading: Reading, value: Value, part: string): string[] {
  if (value.kind === 'choice') {
    noteCondition(reading, value, part);
    return [...new Set(value.options.flatMap((option) => texts(reading, option, part)))];
  }
  if (value.kind === 'array')
    return [...new Set(list(reading, value, part).flatMap((item) => texts(reading, item, part)))];
  const single = plain(value);
  if (typeof single === 'string') return [single];
  if (!nullish(value)) note(reading, part, value.node, reasonOf(value) ?? 'it is no slug');
  return [];
}

/** Whether the value is a list, of one be it, or may be one. */
export function mayBeList(value: Value): boolean {
  return value.kind === 'choice' ? value.options.some(mayBeList) : value.kind === 'array';
}
