/** The stores and registries that a wrapper names. */

import { propertyName } from '../property-name.js';
import { ts } from '../typescript.js';
import type { WrapperNames } from './names.js';

/** A store that the wrapper names. */
export interface StoreReading {
  /** The package's factory, e.g. `memory` or `cloudflareKV`; `undefined` for what is not of this package. */
  factory?: string;
  expression: string;
  line: number;
  /** The binding's name, where it is written as text. */
  binding?: string;
  /** Of `tiered`: the stores it puts one over another. */
  tiers?: StoreReading[];
  /** Of a store of Cloudflare, whose options are an object: each by its name. */
  settings?: Record<string, SettingReading>;
}

/** An option of a store: text, a variable of the environment, with text where it is not set, or neither. */
export interface SettingReading {
  text?: string;
  variable?: string;
  line: number;
}

/** A registry that the wrapper names. */
export type RegistryReading = StoreReading;

/** Every store of a list, those of tiers as well. */
export function everyStore({ stores }: { stores: readonly StoreReading[] }): StoreReading[] {
  return stores.flatMap((store) => [store, ...everyStore({ stores: store.tiers ?? [] })]);
}

/** Calls of factories, all outcomes where a condition chooses. */
export function readStores(
  names: WrapperNames,
  node: ts.Expression,
  part: 'store' | 'registry',
): StoreReading[] {
  const expression = names.resolve(node);
  if (ts.isConditionalExpression(expression))
    return [expression.whenTrue, expression.whenFalse].flatMap((it) => readStores(names, it, part));
  if (ts.isBinaryExpression(expression))
    return [expression.left, expression.right].flatMap((it) => readStores(names, it, part));
  const reading: StoreReading = { expression: names.oneLine(expression), line: names.lineOf(expression) };
  if (ts.isCallExpression(expression)) readCall(names, expression, part, reading);
  if (!reading.factory) names.leaveUnread(part, expression);
  return [reading];
}

function readCall(
  names: WrapperNames,
  call: ts.CallExpression,
  part: 'store' | 'registry',
  reading: StoreReading,
): void {
  const factory = names.factoryOf(call);
  const [argument] = call.arguments;
  if (factory) reading.factory = factory;
  if (factory === 'cloudflareKV' || factory === 'durableObjectRegistry') {
    const binding = bindingOf(names, argument);
    if (binding !== undefined) reading.binding = binding;
    else names.leaveUnread(`${part}.binding`, call);
  }
  if (factory === 'tiered') reading.tiers = call.arguments.flatMap((tier) => readStores(names, tier, part));
  if (factory === 'cloudflareKV' || factory === 'cloudflareKVRest')
    reading.settings = settingsOf(names, argument);
}

function bindingOf(names: WrapperNames, argument: ts.Expression | undefined): string | undefined {
  if (!argument) return undefined;
  const value = names.resolve(argument);
  if (ts.isStringLiteralLike(value)) return value.text;
  const accessed = accessedName(value);
  if (accessed !== undefined) return accessed;
  if (!ts.isObjectLiteralExpression(value)) return undefined;
  const binding = names.properties(value, 'store').get('binding');
  return binding && bindingOf(names, binding.value);
}

/** The name of `env.PAYLOAD_CACHE` or `env['PAYLOAD_CACHE']`. */
function accessedName(value: ts.Expression): string | undefined {
  if (ts.isPropertyAccessExpression(value)) return value.name.text;
  return ts.isElementAccessExpression(value) && ts.isStringLiteralLike(value.argumentExpression)
    ? value.argumentExpression.text
    : undefined;
}

function settingsOf(
  names: WrapperNames,
  argument: ts.Expression | undefined,
): Record<string, SettingReading> {
  if (!argument) return {};
  const object = names.resolve(argument);
  if (!ts.isObjectLiteralExpression(object)) return { options: { line: names.lineOf(argument) } };
  const settings: Record<string, SettingReading> = {};
  for (const property of object.properties) {
    const name = property.name && propertyName(property.name);
    const line = names.lineOf(property);
    if (name === undefined) settings.options = { line };
    else if (ts.isPropertyAssignment(property))
      settings[name] = { ...settingValue(names, property.initializer), line };
    else if (ts.isShorthandPropertyAssignment(property))
      settings[name] = { ...settingValue(names, property.name), line };
    else settings[name] = { line };
  }
  return settings;
}

/** Text, `process.env.NAME`, or either of them where the variable is not set. */
function settingValue(names: WrapperNames, node: ts.Expression): Omit<SettingReading, 'line'> {
  const value = names.resolve(node);
  if (ts.isNonNullExpression(value)) return settingValue(names, value.expression);
  if (ts.isStringLiteralLike(value)) return { text: value.text };
  if (ts.isBinaryExpression(value) && /^(\?\?|\|\|)$/.test(value.operatorToken.getText())) {
    const [left, right] = [settingValue(names, value.left), settingValue(names, value.right)];
    return left.variable !== undefined && right.text !== undefined && right.variable === undefined
      ? { ...left, ...right }
      : {};
  }
  const isVariable =
    (ts.isPropertyAccessExpression(value) || ts.isElementAccessExpression(value)) &&
    value.expression.getText() === 'process.env';
  const variable = isVariable ? accessedName(value) : undefined;
  return variable === undefined ? {} : { variable };
}
