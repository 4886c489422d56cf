/** From the evaluated config to the project's schema: collections, globals, their fields, as Payload will see them. */
import type { Evaluator } from '../evaluate/evaluator.js';
import { nullish, type ObjectValue, plain } from '../evaluate/value.js';
import { bySlug, union } from '../fields.js';
import type { GlobalSchema } from '../schema.js';
import { addDefaultUsers, addFolders, connectJoins } from './additions.js';
import type { ConfigSchema, IdType } from './config-schema.js';
import { joined, type ReadCollection, readCollection, readGlobal } from './entities.js';
import { readLocales } from './locales.js';
import { isOpen, noteGaps } from './notes.js';
import { applyPlugins, rememberPlaces } from './plugins.js';
import type { Reading } from './reading.js';
import { asObject, get, list, text } from './values.js';

/** Reads the schema out of the config object. */
export function readSchema(
  evaluator: Evaluator,
  given: ObjectValue,
  idType: IdType,
  /** Fields of auth that the project's Payload does not have. Default: none. */
  absentAuth: ReadonlySet<string> = new Set(),
): ConfigSchema {
  const reading: Reading = {
    evaluator,
    idType,
    absentAuth,
    given,
    config: given,
    notices: new Map(),
    warnings: [],
    unread: false,
    pluginsNotRun: false,
    pluginNodes: new Map(),
    ownNodes: new Map(),
    localized: false,
    sharedBlocks: new Map(),
  };
  noteGaps(reading, given, 'config');
  rememberPlaces(reading, 'collections');
  rememberPlaces(reading, 'globals');
  const notePlugins = applyPlugins(reading);
  const { locales, known: localesKnown } = readLocales(reading);
  reading.localized = locales.length > 0 || !localesKnown;
  readSharedBlocks(reading);
  const collections = readCollections(reading);
  const globals = readGlobals(reading);
  notePlugins();
  addFolders(reading, collections);
  addDefaultUsers(reading, collections);
  connectJoins(reading, collections);
  const { config } = reading;
  const typescript = get(config, 'typescript');
  const output = typescript.kind === 'object' ? plain(get(typescript, 'outputFile')) : undefined;
  return {
    collections: [...collections.values()]
      .map(({ joins: _joins, folders: _folders, ...collection }) => collection)
      .sort(bySlug),
    globals: [...globals.values()].sort(bySlug),
    locales,
    unresolved: [...reading.notices.values()],
    warnings: reading.warnings,
    open: isOpen(reading),
    adding: reading.unread ? 'config' : reading.pluginsNotRun ? 'plugins' : 'nothing',
    localesKnown,
    typesOutputFile: typeof output === 'string' ? output : undefined,
    ownKV: !nullish(get(config, 'kv')),
  };
}

function readSharedBlocks(reading: Reading): void {
  for (const item of list(reading, get(reading.config, 'blocks'), 'blocks')) {
    const block = asObject(reading, item, 'blocks', ['slug', 'fields']);
    const slug = block ? text(reading, get(block, 'slug'), 'blocks.slug') : undefined;
    if (block && slug !== undefined) reading.sharedBlocks.set(slug, block);
  }
}

function readCollections(reading: Reading): Map<string, ReadCollection> {
  const collections = new Map<string, ReadCollection>();
  for (const item of list(reading, get(reading.config, 'collections'), 'collections')) {
    const collection = readCollection(reading, item);
    if (!collection) continue;
    const before = collections.get(collection.slug);
    collections.set(collection.slug, before ? joined(before, collection) : collection);
  }
  return collections;
}

function readGlobals(reading: Reading): Map<string, GlobalSchema> {
  const globals = new Map<string, GlobalSchema>();
  for (const item of list(reading, get(reading.config, 'globals'), 'globals')) {
    const global = readGlobal(reading, item);
    if (!global) continue;
    const before = globals.get(global.slug);
    globals.set(global.slug, before ? { ...before, fields: union(before.fields, global.fields) } : global);
  }
  return globals;
}
