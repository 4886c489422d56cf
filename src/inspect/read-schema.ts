/** From the evaluated config to the project's schema: collections, globals, their fields, as Payload will see them. */
import type { ts } from 'ts-morph';
import { readAccess } from './access.js';
import type { Evaluator } from './evaluate/evaluator.js';
import {
  type ChoiceValue,
  choice,
  nullish,
  type ObjectValue,
  plain,
  primitive,
  reasonOf,
  truthy,
  type Value,
} from './evaluate/value.js';
import { add, byFieldPath, bySlug, sorted, union } from './fields.js';
import { authFields, field, timestampFields, uploadFields } from './implicit-fields.js';
import { addsNothing, officialPackage, packageOf, withOfficialPlugin } from './official-plugins.js';
import type {
  CollectionSchema,
  FieldSchema,
  GlobalSchema,
  ProjectSchema,
  SourceLocation,
  UnresolvedPart,
} from './schema.js';
import { shorten } from './syntax.js';
import { PLUGIN_NOT_RUN } from './unresolved.js';

/** What the config tells, before `payload-types.ts` completes it. */
export interface ConfigSchema extends ProjectSchema {
  /** Whether something may add to the schema that is not in the config: plugins, parts that were not resolved. */
  open: boolean;
  /**
   * What may add collections and globals: nothing, something that is handed the config (a plugin that is not run), or
   * the config itself, of which a part could not be read.
   */
  adding: 'nothing' | 'plugins' | 'config';
  /** Whether `localization` could be read. */
  localesKnown: boolean;
  /** The config's `typescript.outputFile`, absolute. */
  typesOutputFile?: string;
  /** Whether the config sets `kv`, so that there may be no `payload-kv` collection. */
  ownKV: boolean;
}

/** Ids are numbers in SQL databases unless they are told to be UUIDs. */
export type IdType = 'number' | 'text';

const CONDITION = 'it depends on a condition that is only known at run time; taken as present';
const DEEPEST_FIELD = 24;

/** What is said where a value goes through a function that is not followed: the value is known, not what becomes of it. */
const PASSED = 'it is passed through';

/** Reads the schema out of the config object. */
export function readSchema(
  evaluator: Evaluator,
  given: ObjectValue,
  idType: IdType,
  /** Fields of auth that the project's Payload does not have. Default: none. */
  absentAuth: ReadonlySet<string> = new Set(),
): ConfigSchema {
  const notices = new Map<string, UnresolvedPart>();
  const warnings: string[] = [];
  const { files } = evaluator;
  let config = given;
  let hidden = false;
  /** The places in the config of the plugins that are known, by package, and those of the config's own entities. */
  const pluginNodes = new Map<string, ts.Node>();
  const ownNodes = new Map<string, ts.Node>();

  /** The node, or the plugin in the config that stands for it. */
  function inProject(node: ts.Node): ts.Node {
    const official = officialPackage(node.getSourceFile().fileName);
    return (official === undefined ? undefined : pluginNodes.get(official)) ?? node;
  }

  function note(part: string, from: ts.Node, reason: string): void {
    const node = inProject(from);
    if (['collections', 'collections.slug', 'config', 'globals', 'globals.slug'].includes(part))
      hidden ||= reason !== CONDITION && !reason.startsWith(PASSED);
    const location = files.locate(node);
    const expression = shorten(node);
    const key = JSON.stringify([part, expression, location, reason]);
    if (!notices.has(key)) notices.set(key, { part, expression, location, reason });
  }

  // ---- reading values, noting what is not known -----------------------------------------------------------------

  /** A property. One that a spread may hold which was not resolved counts as absent: the spread itself is noted. */
  function get(owner: ObjectValue, name: string): Value {
    return owner.entries().get(name)?.() ?? primitive(owner.node, undefined);
  }

  /** Notes a condition, unless an outcome cannot be read: that is noted then. */
  function noteCondition(value: ChoiceValue, part: string): void {
    if (!value.options.some(({ kind }) => kind === 'unresolved')) note(part, value.node, CONDITION);
  }

  /** The elements of an array that may be missing; of a condition both outcomes. */
  function list(value: Value, part: string): Value[] {
    if (value.kind === 'primitive' && (nullish(value) || value.value === false)) return [];
    if (value.kind === 'choice') {
      noteCondition(value, part);
      return value.options.flatMap((option) => list(option, part));
    }
    if (value.kind !== 'array') {
      note(part, value.node, reasonOf(value) ?? 'it is no array');
      return [];
    }
    return value.items().flatMap((item) => listItem(item, part));
  }

  function listItem(item: Value, part: string): Value[] {
    switch (item.kind) {
      case 'choice':
        noteCondition(item, part);
        return item.options.flatMap((option) => listItem(option, part));
      case 'primitive':
        return item.value === false || nullish(item) || item.value === '' ? [] : [item];
      case 'unresolved':
      case 'function':
        note(part, item.node, reasonOf(item) ?? 'it is a function');
        return [];
      default:
        return [item];
    }
  }

  /** An object; of a call of a package that is given one, that one. */
  function asObject(value: Value, part: string, marks: string[]): ObjectValue | undefined {
    if (value.kind === 'object') return value;
    if (value.kind === 'external' && value.args) {
      for (const arg of value.args) {
        const given = arg();
        if (given.kind === 'object' && marks.every((mark) => given.entries().has(mark))) {
          note(part, value.node, `${PASSED} ${callName(value)}, which may change it`);
          return given;
        }
      }
    }
    note(part, value.node, reasonOf(value) ?? 'it is no object');
    return undefined;
  }

  /** Whether it is set; what is not known counts as set. */
  function flag(owner: ObjectValue, name: string, part: string): boolean {
    const value = get(owner, name);
    const known = truthy(value);
    if (known !== undefined) return known;
    note(`${part}.${name}`, value.node, reasonOf(value) ?? CONDITION);
    return true;
  }

  function text(value: Value, part: string): string | undefined {
    if (value.kind === 'primitive') return typeof value.value === 'string' ? value.value : undefined;
    note(part, value.node, reasonOf(value) ?? 'it is no text');
    if (value.kind !== 'choice') return undefined;
    return value.options.map(plain).find((option) => typeof option === 'string');
  }

  /** One text or several; of a condition all outcomes. */
  function texts(value: Value, part: string): string[] {
    if (value.kind === 'choice') {
      noteCondition(value, part);
      return [...new Set(value.options.flatMap((option) => texts(option, part)))];
    }
    if (value.kind === 'array') return [...new Set(list(value, part).flatMap((item) => texts(item, part)))];
    const single = plain(value);
    if (typeof single === 'string') return [single];
    if (!nullish(value)) note(part, value.node, reasonOf(value) ?? 'it is no slug');
    return [];
  }

  /** Whether the value is a list, of one be it, or may be one. */
  function mayBeList(value: Value): boolean {
    return value.kind === 'choice' ? value.options.some(mayBeList) : value.kind === 'array';
  }

  function noteGaps(owner: ObjectValue, part: string): void {
    for (const gap of owner.gaps()) note(part, gap.node, reasonOf(gap) ?? 'it could not be read');
  }

  // ---- fields -------------------------------------------------------------------------------------------------

  interface Place {
    part: string;
    /** Path of the enclosing named field with a dot at its end, or nothing. */
    prefix: string;
    insideList: boolean;
    localizedAbove: boolean;
    depth: number;
    /** Blocks that lead here: one may contain itself. */
    blocks: ts.Node[];
  }

  interface Fields {
    byPath: Map<string, FieldSchema>;
    /** Joins to be connected with the collections that they read. */
    joins: { field: FieldSchema; orderName?: string }[];
  }

  let localized = false;
  const sharedBlocks = new Map<string, ObjectValue>();

  function readFields(value: Value, place: Place, into: Fields): void {
    if (place.depth > DEEPEST_FIELD) {
      note(place.part, value.node, 'the fields are nested too deep to follow');
      return;
    }
    for (const item of list(value, place.part)) readField(item, place, into);
  }

  function readField(item: Value, place: Place, into: Fields): void {
    const owner = asObject(item, place.part, ['type']);
    if (!owner) return;
    noteGaps(owner, place.part);
    const type = text(get(owner, 'type'), `${place.part}.type`);
    const nameValue = get(owner, 'name');
    const name = nullish(nameValue) ? undefined : text(nameValue, `${place.part}.name`);
    if (type === undefined) {
      const untold = owner.gaps().length === 0 && nullish(get(owner, 'type'));
      if (untold) note(place.part, owner.node, 'the field has no type that could be read');
      return;
    }
    switch (type) {
      case 'ui':
        return;
      case 'row':
      case 'collapsible':
        readFields(get(owner, 'fields'), { ...place, depth: place.depth + 1 }, into);
        return;
      case 'tabs':
        for (const tab of list(get(owner, 'tabs'), place.part)) readTab(tab, place, into);
        return;
      case 'group':
        if (name === undefined) readFields(get(owner, 'fields'), { ...place, depth: place.depth + 1 }, into);
        else readContainer(owner, name, type, place, into);
        return;
    }
    if (name === undefined) {
      const untold = owner.gaps().length === 0 && nullish(nameValue);
      if (untold) note(place.part, owner.node, `the ${type} field has no name that could be read`);
      return;
    }
    if (type === 'array') readContainer(owner, name, type, place, into);
    else if (type === 'blocks') readBlocks(owner, name, place, into);
    else readLeaf(owner, name, type, place, into);
  }

  function readTab(item: Value, place: Place, into: Fields): void {
    const tab = asObject(item, place.part, ['fields']);
    if (!tab) return;
    noteGaps(tab, place.part);
    const name = get(tab, 'name');
    if (nullish(name)) readFields(get(tab, 'fields'), { ...place, depth: place.depth + 1 }, into);
    else {
      const named = text(name, `${place.part}.name`);
      if (named !== undefined) readContainer(tab, named, 'tab', place, into);
    }
  }

  function base(owner: ObjectValue, name: string, type: string, place: Place): FieldSchema {
    const part = `${place.part}.${name}`;
    const virtual = get(owner, 'virtual');
    const virtualPath = plain(virtual);
    return field({
      path: `${place.prefix}${name}`,
      type,
      localized: flag(owner, 'localized', part) && localized && !place.localizedAbove,
      unique: flag(owner, 'unique', part),
      index: flag(owner, 'index', part),
      hasMany: flag(owner, 'hasMany', part),
      virtual:
        typeof virtualPath === 'string' && virtualPath !== '' ? virtualPath : flag(owner, 'virtual', part),
      insideList: place.insideList,
    });
  }

  function within(place: Place, own: FieldSchema, name: string, insideList: boolean): Place {
    return {
      part: `${place.part}.${name}`,
      prefix: `${own.path}.`,
      insideList: place.insideList || insideList,
      localizedAbove: place.localizedAbove || own.localized,
      depth: place.depth + 1,
      blocks: place.blocks,
    };
  }

  function readContainer(owner: ObjectValue, name: string, type: string, place: Place, into: Fields): void {
    const own = base(owner, name, type, place);
    add(into, own);
    const inner = within(place, own, name, type === 'array');
    readFields(get(owner, 'fields'), inner, into);
    if (type === 'array')
      addImplicit(into, field({ path: `${own.path}.id`, type: 'text', insideList: true }));
  }

  function readBlocks(owner: ObjectValue, name: string, place: Place, into: Fields): void {
    const own = base(owner, name, 'blocks', place);
    add(into, own);
    const inner = within(place, own, name, true);
    const references = get(owner, 'blockReferences');
    const blocks = nullish(references) ? get(owner, 'blocks') : references;
    for (const item of list(blocks, inner.part)) {
      const slug = plain(item);
      const shared = typeof slug === 'string' ? sharedBlocks.get(slug) : undefined;
      if (typeof slug === 'string' && !shared) {
        note(inner.part, item.node, `the config has no block '${slug}'`);
        continue;
      }
      const block = shared ?? asObject(item, inner.part, ['slug', 'fields']);
      if (!block) continue;
      noteGaps(block, inner.part);
      if (inner.blocks.includes(block.node)) {
        note(inner.part, block.node, 'the block contains itself; its fields are listed once');
        continue;
      }
      readFields(get(block, 'fields'), { ...inner, blocks: [...inner.blocks, block.node] }, into);
    }
    for (const implicit of ['blockName', 'blockType', 'id']) {
      addImplicit(into, field({ path: `${own.path}.${implicit}`, type: 'text', insideList: true }));
    }
  }

  function readLeaf(owner: ObjectValue, name: string, type: string, place: Place, into: Fields): void {
    const own = base(owner, name, type, place);
    const part = `${place.part}.${name}`;
    if (type === 'relationship' || type === 'upload') {
      const targets = get(owner, 'relationTo');
      own.relationTo = texts(targets, `${part}.relationTo`).sort();
      if (mayBeList(targets)) own.polymorphic = true;
      if (own.relationTo.length === 0 && !owner.gaps().length && nullish(get(owner, 'relationTo'))) {
        note(`${part}.relationTo`, owner.node, 'the field has no relationTo that could be read');
      }
    }
    if (type === 'join') {
      own.join = {
        collection: texts(get(owner, 'collection'), `${part}.collection`).sort(),
        on: text(get(owner, 'on'), `${part}.on`) ?? '',
        hasWhere: !nullish(get(owner, 'where')),
      };
      const ordered = flag(owner, 'orderable', part);
      const [target] = own.join.collection;
      const orderName = ordered && target ? `_${target}_${own.path.replaceAll('.', '_')}_order` : undefined;
      into.joins.push({ field: own, orderName });
    }
    add(into, own);
    if (type === 'date' && flag(owner, 'timezone', part)) {
      addImplicit(into, field({ path: `${own.path}_tz`, type: 'select', insideList: place.insideList }));
    }
  }

  function readConfigFields(value: Value, part: string): Fields {
    const into: Fields = { byPath: new Map(), joins: [] };
    readFields(
      value,
      { part, prefix: '', insideList: false, localizedAbove: false, depth: 0, blocks: [] },
      into,
    );
    return into;
  }

  // ---- collections and globals ----------------------------------------------------------------------------------

  function versionsOf(
    owner: ObjectValue,
    part: string,
  ): { versions: boolean; drafts: boolean; localizeStatus: boolean } {
    const value = get(owner, 'versions');
    if (!flag(owner, 'versions', part)) return { versions: false, drafts: false, localizeStatus: false };
    let drafts = false;
    let localizeStatus = false;
    for (const option of value.kind === 'choice' ? value.options : [value]) {
      if (option.kind !== 'object') continue;
      noteGaps(option, `${part}.versions`);
      if (!flag(option, 'drafts', `${part}.versions`)) continue;
      drafts = true;
      const settings = get(option, 'drafts');
      if (settings.kind === 'object')
        localizeStatus ||= flag(settings, 'localizeStatus', `${part}.versions.drafts`);
    }
    return { versions: true, drafts, localizeStatus };
  }

  function authFieldsOf(...options: Parameters<typeof authFields>): FieldSchema[] {
    return authFields(...options).filter(({ path }) => !absentAuth.has(path.split('.')[0]!));
  }

  interface ReadCollection extends CollectionSchema {
    joins: Fields['joins'];
    folders: boolean;
  }

  function readCollection(item: Value): ReadCollection | undefined {
    const owner = asObject(item, 'collections', ['slug']);
    if (!owner) return undefined;
    const slug = text(get(owner, 'slug'), 'collections.slug');
    if (slug === undefined) {
      noteGaps(owner, 'collections');
      if (nullish(get(owner, 'slug')))
        note('collections', owner.node, 'the collection has no slug that could be read');
      return undefined;
    }
    noteGaps(owner, slug);
    const { byPath, joins } = readConfigFields(get(owner, 'fields'), `${slug}.fields`);
    const into: Fields = { byPath, joins };
    const { versions, drafts, localizeStatus } = versionsOf(owner, slug);
    const auth = flag(owner, 'auth', slug);
    const upload = flag(owner, 'upload', slug);
    const timestamps = get(owner, 'timestamps');
    if (truthy(timestamps) !== false || nullish(timestamps)) {
      for (const each of timestampFields(true, flag(owner, 'trash', slug))) addImplicit(into, each);
    }
    if (drafts) addStatus(into, localizeStatus);
    if (upload) {
      const settings = get(owner, 'upload');
      const options = settings.kind === 'object' ? settings : undefined;
      const sizes = options ? list(get(options, 'imageSizes'), `${slug}.upload.imageSizes`) : [];
      const names = sizes.flatMap((size) => {
        const name =
          size.kind === 'object' ? text(get(size, 'name'), `${slug}.upload.imageSizes`) : undefined;
        return name === undefined ? [] : [name];
      });
      const focal = get(options ?? owner, 'focalPoint');
      for (const each of uploadFields({
        sizes: names,
        focalPoint:
          !options || plain(focal) !== false || names.length > 0 || !nullish(get(options, 'resizeOptions')),
        filenameUnique: !options || truthy(get(options, 'filenameCompoundIndex')) !== true,
      })) {
        addImplicit(into, each);
      }
    }
    if (auth) {
      const settings = get(owner, 'auth');
      const options = settings.kind === 'object' ? settings : undefined;
      for (const each of authFieldsOf(
        (name) => (options ? get(options, name) : undefined),
        (value, name) => {
          return value.kind === 'object' ? get(value, name) : undefined;
        },
      )) {
        addImplicit(into, each);
      }
    }
    const id = byPath.get('id');
    if (id) Object.assign(id, { unique: true, index: true });
    else byPath.set('id', field({ path: 'id', type: idType, unique: true, index: true }));
    if (flag(owner, 'orderable', slug)) {
      addImplicit(into, field({ path: '_order', type: 'text', index: true }));
    }
    const access = readAccess(evaluator, owner);
    return {
      slug,
      origin: 'config',
      location: files.locate(ownNodes.get(`collections ${slug}`) ?? inProject(owner.node)),
      auth,
      upload,
      versions,
      drafts,
      ...(access ? { access } : {}),
      fields: sorted(byPath),
      joins,
      folders: flag(owner, 'folders', slug),
    };
  }

  function readGlobal(item: Value): GlobalSchema | undefined {
    const owner = asObject(item, 'globals', ['slug']);
    if (!owner) return undefined;
    const slug = text(get(owner, 'slug'), 'globals.slug');
    if (slug === undefined) {
      noteGaps(owner, 'globals');
      if (nullish(get(owner, 'slug')))
        note('globals', owner.node, 'the global has no slug that could be read');
      return undefined;
    }
    noteGaps(owner, slug);
    const into = readConfigFields(get(owner, 'fields'), `${slug}.fields`);
    const { versions, drafts, localizeStatus } = versionsOf(owner, slug);
    for (const each of timestampFields(false, false)) addImplicit(into, each);
    if (drafts) addStatus(into, localizeStatus);
    if (!into.byPath.has('id')) {
      into.byPath.set('id', field({ path: 'id', type: idType, unique: true, index: true }));
    }
    const access = readAccess(evaluator, owner);
    return {
      slug,
      origin: 'config',
      location: files.locate(ownNodes.get(`globals ${slug}`) ?? inProject(owner.node)),
      versions,
      drafts,
      ...(access ? { access } : {}),
      fields: sorted(into.byPath),
    };
  }

  function addStatus(into: Fields, localizeStatus: boolean): void {
    addImplicit(
      into,
      field({ path: '_status', type: 'select', index: true, localized: localizeStatus && localized }),
    );
  }

  // ---- the config -----------------------------------------------------------------------------------------------

  function readLocales(): { locales: string[]; known: boolean } {
    const localization = get(config, 'localization');
    const on = truthy(localization);
    if (on === false) return { locales: [], known: config.gaps().length === 0 };
    for (const option of localization.kind === 'choice' ? localization.options : [localization]) {
      if (option.kind !== 'object') continue;
      if (localization.kind === 'choice') note('localization', localization.node, CONDITION);
      const locales = list(get(option, 'locales'), 'localization.locales').flatMap((locale) => {
        const code = locale.kind === 'object' ? get(locale, 'code') : locale;
        const named = text(code, 'localization.locales');
        return named === undefined ? [] : [named];
      });
      return { locales, known: locales.length > 0 };
    }
    note('localization', localization.node, reasonOf(localization) ?? 'it could not be read');
    return { locales: [], known: false };
  }

  // ---- plugins ------------------------------------------------------------------------------------------------------

  let plugins = false;
  /** Said after what is to be said of the collections. */
  const toNote: (() => void)[] = [];

  /** Runs those of Payload's own plugins over the config that change a schema; the others are noted. */
  function applyPlugins(): void {
    for (const element of pluginsIn(get(given, 'plugins'))) {
      // Whether it is there or not is decided by a condition; what it may add is the same either way.
      const outcomes = (element.kind === 'choice' ? element.options : [element]).filter(
        (outcome) => outcome.kind !== 'primitive' && !isOwnPlugin(outcome),
      );
      let known = true;
      for (const outcome of outcomes) {
        if (outcome.kind === 'external') pluginNodes.set(packageOf(outcome), element.node);
        const after = withOfficialPlugin(evaluator, outcome, config);
        if (after) config = after;
        else known = false;
      }
      if (!known) {
        plugins = true;
        toNote.push(() => note('plugins', element.node, PLUGIN_NOT_RUN));
      } else if (element.kind === 'choice' && !outcomes.every(addsNothing)) {
        toNote.push(() => noteCondition(element, 'plugins'));
      }
    }
  }

  /** The elements, of a condition those of both outcomes. */
  function pluginsIn(value: Value): Value[] {
    if (value.kind === 'array') return value.items().flatMap(pluginsIn);
    if (value.kind === 'choice' && value.options.some(({ kind }) => kind === 'array')) {
      const maybe = (item: Value) => choice(item.node, [primitive(item.node, undefined), item]);
      return value.options.flatMap(pluginsIn).map(maybe);
    }
    return nullish(value) ? [] : [value];
  }

  /** Where entities stand in the config: a plugin that adds a field makes an object of its own out of one. */
  function rememberPlaces(of: 'collections' | 'globals'): void {
    for (const item of evaluator.spreadItems(get(given, of))) {
      for (const option of item.kind === 'choice' ? item.options : [item]) {
        const slug = option.kind === 'object' ? plain(get(option, 'slug')) : undefined;
        if (typeof slug === 'string' && !ownNodes.has(`${of} ${slug}`))
          ownNodes.set(`${of} ${slug}`, option.node);
      }
    }
  }

  noteGaps(config, 'config');
  rememberPlaces('collections');
  rememberPlaces('globals');
  applyPlugins();
  const { locales, known: localesKnown } = readLocales();
  localized = locales.length > 0 || !localesKnown;
  for (const item of list(get(config, 'blocks'), 'blocks')) {
    const block = asObject(item, 'blocks', ['slug', 'fields']);
    const slug = block ? text(get(block, 'slug'), 'blocks.slug') : undefined;
    if (block && slug !== undefined) sharedBlocks.set(slug, block);
  }
  const collections = new Map<string, ReadCollection>();
  for (const item of list(get(config, 'collections'), 'collections')) {
    const collection = readCollection(item);
    if (!collection) continue;
    const before = collections.get(collection.slug);
    collections.set(collection.slug, before ? joined(before, collection) : collection);
  }
  const globals = new Map<string, GlobalSchema>();
  for (const item of list(get(config, 'globals'), 'globals')) {
    const global = readGlobal(item);
    if (!global) continue;
    const before = globals.get(global.slug);
    globals.set(global.slug, before ? { ...before, fields: union(before.fields, global.fields) } : global);
  }
  for (const say of toNote) say();
  addFolders();
  addDefaultUsers();
  connectJoins();

  function addDefaultUsers(): void {
    const admin = get(config, 'admin');
    const user = admin.kind === 'object' ? get(admin, 'user') : undefined;
    if ((user && !nullish(user)) || [...collections.values()].some((each) => each.auth)) return;
    if (collections.has('users')) return;
    // Where collections could not be read, one of them may be the one that logs in.
    const unread = [...notices.values()].filter(({ reason }) => reason !== CONDITION);
    if (unread.some(({ part }) => part === 'collections' || part === 'config')) return;
    const fields = [
      ...authFieldsOf(
        () => undefined,
        () => undefined,
      ),
      ...timestampFields(true, false),
      field({ path: 'id', type: idType, unique: true, index: true }),
    ];
    collections.set('users', {
      slug: 'users',
      origin: 'config',
      auth: true,
      upload: false,
      versions: false,
      drafts: false,
      fields: fields.sort(byFieldPath),
      joins: [],
      folders: false,
    });
  }

  function addFolders(): void {
    const settings = get(config, 'folders');
    const withFolders = [...collections.values()].filter((each) => each.folders);
    if (plain(settings) === false || withFolders.length === 0) return;
    const options = settings.kind === 'object' ? settings : undefined;
    const slug = (options && text(get(options, 'slug'), 'folders.slug')) ?? 'payload-folders';
    const name = (options && text(get(options, 'fieldName'), 'folders.fieldName')) ?? 'folder';
    const folder = field({ path: name, type: 'relationship', index: true, relationTo: [slug] });
    for (const each of withFolders) each.fields = union(each.fields, [folder]);
    const specific = !options || plain(get(options, 'collectionSpecific')) !== false;
    const members = [slug, ...withFolders.map((each) => each.slug)].sort();
    collections.set(slug, {
      slug,
      origin: 'config',
      auth: false,
      upload: false,
      versions: false,
      drafts: false,
      joins: [],
      folders: false,
      fields: [
        folder,
        field({ path: 'name', type: 'text', index: true }),
        field({
          path: 'documentsAndFolders',
          type: 'join',
          hasMany: true,
          join: { collection: members, on: name, hasWhere: false },
        }),
        ...(specific ? [field({ path: 'folderType', type: 'select', hasMany: true })] : []),
        ...timestampFields(true, false),
        field({ path: 'id', type: idType, unique: true, index: true }),
      ].sort(byFieldPath),
    });
  }

  /** As Payload does: a join indexes the field that it reads, and takes its `hasMany` and `localized` from it. */
  function connectJoins(): void {
    for (const collection of [...collections.values()]) {
      for (const { field: own, orderName } of collection.joins) {
        for (const slug of own.join?.collection ?? []) {
          const target = collections.get(slug);
          const back = target?.fields.find((each) => each.path === own.join?.on);
          if (target && orderName) {
            target.fields = union(target.fields, [field({ path: orderName, type: 'text', index: true })]);
          }
          if (!back) {
            if (target && own.join?.on && !isOpen()) {
              warnings.push(
                `The join ${collection.slug}.${own.path} reads ${slug}.${own.join.on}, which was not found.`,
              );
            }
            continue;
          }
          if (!back.unique) back.index = true;
          if (own.join?.collection.length === 1) {
            own.hasMany = back.hasMany;
            own.localized = back.localized;
          }
        }
      }
    }
  }

  function isOpen(): boolean {
    return plugins || [...notices.values()].some(({ reason }) => reason !== CONDITION);
  }

  const typescript = get(config, 'typescript');
  const output = typescript.kind === 'object' ? plain(get(typescript, 'outputFile')) : undefined;
  return {
    collections: [...collections.values()]
      .map(({ joins: _joins, folders: _folders, ...collection }) => collection)
      .sort(bySlug),
    globals: [...globals.values()].sort(bySlug),
    locales,
    unresolved: [...notices.values()],
    warnings,
    open: isOpen(),
    adding: hidden ? 'config' : plugins ? 'plugins' : 'nothing',
    localesKnown,
    typesOutputFile: typeof output === 'string' ? output : undefined,
    ownKV: !nullish(get(config, 'kv')),
  };
}

/** Whether an element of `plugins` is this package's own: the wrapper of the project, or the package itself. */
function isOwnPlugin(item: Value): boolean {
  return item.kind === 'external' && item.packageName === 'payload-kv';
}

function joined<T extends CollectionSchema>(one: T, other: T): T {
  return {
    ...other,
    auth: one.auth || other.auth,
    upload: one.upload || other.upload,
    versions: one.versions || other.versions,
    drafts: one.drafts || other.drafts,
    fields: union(one.fields, other.fields),
  };
}

/** A field that Payload adds where the project has none of that name. */
function addImplicit(into: { byPath: Map<string, FieldSchema> }, implicit: FieldSchema): void {
  const own = into.byPath.get(implicit.path);
  if (!own) into.byPath.set(implicit.path, { ...implicit });
  else if (
    own.path === '_status' ||
    own.path === 'filename' ||
    own.path === 'email' ||
    own.path === 'username'
  ) {
    own.unique ||= implicit.unique;
    own.index ||= implicit.index;
  }
}

function callName(value: { name: string; packageName: string }): string {
  return value.packageName ? `${value.name} of ${value.packageName}` : value.name;
}

/** Where something is said to be, as a person reads it. */
export function place({ file, line }: SourceLocation): string {
  return `${file}:${line}`;
}
