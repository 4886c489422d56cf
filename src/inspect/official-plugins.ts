/**
 * Payload's own plugins, by name. What each does to a schema is written as a small plugin in `official-plugins/`, which
 * is evaluated with the options that the project gives, as the project's own code is: nothing of the package is read.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Evaluator, Module } from './evaluate/evaluator.js';
import type { ExternalValue, FunctionValue, Lazy, ObjectValue, Value } from './evaluate/value.js';
import type { ts } from './typescript.js';

const DIRECTORY = fileURLToPath(new URL('./official-plugins', import.meta.url));
/** As this file itself is: compiled, or not. */
const EXTENSION = path.extname(fileURLToPath(import.meta.url));

/** The file of each package that changes a schema. */
const MODELS: Readonly<Record<string, string>> = {
  '@payloadcms/plugin-ecommerce': 'ecommerce',
  '@payloadcms/plugin-form-builder': 'form-builder',
  '@payloadcms/plugin-import-export': 'import-export',
  '@payloadcms/plugin-mcp': 'mcp',
  '@payloadcms/plugin-multi-tenant': 'multi-tenant',
  '@payloadcms/plugin-nested-docs': 'nested-docs',
  '@payloadcms/plugin-redirects': 'redirects',
  '@payloadcms/plugin-search': 'search',
  '@payloadcms/plugin-seo': 'seo',
  '@payloadcms/plugin-stripe': 'stripe',
};
/** Where files are stored: whatever the function is called, it does the same to a schema. */
const STORAGE = /^@payloadcms\/(?:storage-|plugin-cloud-storage$)/;
/** Those that add nothing to a schema. */
const WITHOUT_SCHEMA: ReadonlySet<string> = new Set([
  '@payloadcms/payload-cloud',
  '@payloadcms/plugin-cloud',
  '@payloadcms/plugin-csm',
  '@payloadcms/plugin-password-protection',
  '@payloadcms/plugin-sentry',
]);

/** Whether it is one of Payload's own that adds no collection and no field that anybody asks for. */
export function addsNothing(plugin: Value): boolean {
  return (
    plugin.kind === 'external' && (WITHOUT_SCHEMA.has(plugin.packageName) || STORAGE.test(plugin.packageName))
  );
}

/** The config as the plugin leaves it; `undefined` where it is none of Payload's own, or cannot be followed. */
export function withOfficialPlugin(
  evaluator: Evaluator,
  plugin: Value,
  config: ObjectValue,
): ObjectValue | undefined {
  if (plugin.kind !== 'external' || !plugin.args) return undefined;
  if (WITHOUT_SCHEMA.has(plugin.packageName)) return config;
  const create = modelOf(evaluator, plugin);
  if (!create) return undefined;
  const made = evaluator.call(create, plugin.args, plugin.node);
  const after = evaluator.call(made, [() => config], plugin.node);
  return after.kind === 'object' ? after : undefined;
}

/** What a function of such a package makes that a project hands on: a field, a payment method; `undefined` where that is not known. */
export function callOfficial(
  evaluator: Evaluator,
  called: ExternalValue,
  args: Lazy[],
  node: ts.Node,
): Value | undefined {
  const create = /^create\w+Field$|Adapter$/.test(called.name) ? modelOf(evaluator, called) : undefined;
  return create && evaluator.call(create, args, node);
}

/** A constant of such a package, a currency say; `undefined` where that is not known. */
export function officialConstant(
  evaluator: Evaluator,
  { packageName, name, args }: ExternalValue,
): Value | undefined {
  if (args || packageName !== '@payloadcms/plugin-ecommerce' || !/^[A-Z]{3}$/.test(name)) return undefined;
  return moduleOf(evaluator, MODELS[packageName]!).exported(name)?.get();
}

/** The package that a file stands for, where it is one of ours. */
export function officialPackage(file: string): string | undefined {
  if (path.dirname(file) !== DIRECTORY) return undefined;
  const name = path.basename(file, EXTENSION);
  return Object.keys(MODELS).find((each) => MODELS[each] === name) ?? 'storage';
}

/** The package as {@link officialPackage} tells it, of a plugin. */
export function packageOf({ packageName }: ExternalValue): string {
  return STORAGE.test(packageName) ? 'storage' : packageName;
}

function modelOf(evaluator: Evaluator, { packageName, name }: ExternalValue): FunctionValue | undefined {
  const isStorage = STORAGE.test(packageName);
  const file = isStorage ? 'storage' : MODELS[packageName];
  if (file === undefined) return undefined;
  const value = moduleOf(evaluator, file)
    .exported(isStorage ? 'storage' : name)
    ?.get();
  return value?.kind === 'function' ? value : undefined;
}

function moduleOf(evaluator: Evaluator, file: string): Module {
  return evaluator.load(path.join(DIRECTORY, `${file}${EXTENSION}`));
}
