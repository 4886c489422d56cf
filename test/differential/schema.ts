import fc from 'fast-check';
import type { Access, CollectionConfig, Field, GlobalConfig, Where } from 'payload';

/**
 * Generated sites: collections and globals with relations of all kinds, described so that queries and data can be
 * generated for them. The same seed gives the same site.
 */

export type ScalarType = 'text' | 'number' | 'checkbox' | 'select';

/** A field of a generated site. */
export type Node =
  | {
      kind: 'scalar';
      name: string;
      type: ScalarType;
      localized: boolean;
      hasMany: boolean;
      unique: boolean;
      index: boolean;
      required?: boolean;
    }
  | {
      kind: 'relation';
      name: string;
      targets: string[];
      several: boolean;
      hasMany: boolean;
      localized: boolean;
    }
  | { kind: 'group' | 'tab'; name: string; localized: boolean; children: Node[] }
  | { kind: 'row' | 'collapsible' | 'unnamed tabs'; children: Node[] }
  | { kind: 'array'; name: string; localized: boolean; children: Node[] }
  | { kind: 'blocks'; name: string; localized: boolean; blocks: { slug: string; children: Node[] }[] }
  | { kind: 'virtual'; name: string; path: string; type: 'text' | 'number' | 'checkbox' }
  | {
      kind: 'join';
      name: string;
      targets: string[];
      on: string;
      where: Where | undefined;
      defaultSort: string | undefined;
      defaultLimit: number | undefined;
    };

export type Versions = 'none' | 'versions' | 'drafts' | 'autosave';

/** A collection of a generated site. */
export interface ModelCollection {
  slug: string;
  nodes: Node[];
  versions: Versions;
  maxPerDoc: number;
  auth: boolean;
  upload: boolean;
  trash: boolean;
  defaultSort: string | undefined;
  /** What a visitor who is not logged in may read. */
  publicWhere: Where | undefined;
  slices: string[];
  cached: boolean;
  /** What of it a second process has in its policy, where that is another one. */
  inOther?: { slices: string[]; cached: boolean };
}

/** A global of a generated site. */
export interface ModelGlobal {
  slug: string;
  nodes: Node[];
  versions: Versions;
}

/** A generated site. */
export interface Model {
  collections: ModelCollection[];
  globals: ModelGlobal[];
  locales: string[];
}

/** Where a path leads: what a condition or an order on it compares. */
export interface Leaf {
  path: string;
  type: ScalarType | 'id' | 'date' | 'status' | 'relation';
  targets: string[];
  several: boolean;
  hasMany: boolean;
  /** Relations and joins on the way. */
  hops: number;
  insideList: boolean;
  localized: boolean;
  isVirtual: boolean;
}

const CONTENT = ['alpha', 'beta', 'gamma', 'delta'];
/**
 * The collection with virtual fields along relations. No other refers to it: Payload waits for ever where it populates
 * two documents at once and a virtual field of one needs the other.
 */
const WITH_VIRTUAL = 'alpha';
/** SQLite takes 200 tables in a query, and each join of a populated document brings several. */
const MOST_JOINS = 3;
export const OPTIONS = ['one', 'two', 'three'];

/** The generated site of a seed. */
export function generateModel(seed: number): Model {
  const [model] = fc.sample(
    fc.gen().map((gen) => buildModel(gen)),
    { seed, numRuns: 1 },
  );
  return model as Model;
}

function buildModel(gen: fc.GeneratorValue): Model {
  const chance = (percent: number): boolean => gen(fc.integer, { min: 0, max: 99 }) < percent;
  const oneOf = <Value>(values: readonly Value[]): Value =>
    values[gen(fc.integer, { min: 0, max: values.length - 1 })] as Value;
  const locales = chance(85) ? ['en', 'de'] : [];
  const isLocalized = (percent: number): boolean => locales.length > 0 && chance(percent);
  const hasMedia = chance(60);
  const targets = [
    ...CONTENT.filter((slug) => slug !== WITH_VIRTUAL),
    ...(hasMedia ? ['media'] : []),
    'users',
  ];

  function relation(name: string, inLocalized = false): Extract<Node, { kind: 'relation' }> {
    const several = chance(30);
    const first = oneOf(targets);
    const second = oneOf(targets.filter((slug) => slug !== first));
    return {
      kind: 'relation',
      name,
      several,
      targets: several ? [first, second] : [first],
      hasMany: chance(40),
      localized: !inLocalized && isLocalized(20),
    };
  }

  const scalar = (
    name: string,
    type: ScalarType,
    more: Partial<Extract<Node, { kind: 'scalar' }>> = {},
  ): Node => ({
    kind: 'scalar',
    name,
    type,
    localized: false,
    hasMany: false,
    unique: false,
    index: false,
    ...more,
  });

  function contentNodes(slug: string): Node[] {
    const nodes: Node[] = [];
    const titleLocalized = isLocalized(40);
    nodes.push(
      scalar('title', 'text', {
        localized: titleLocalized,
        index: chance(40),
        unique: !titleLocalized && chance(15),
      }),
    );
    nodes.push(scalar('count', 'number', { index: chance(30), localized: isLocalized(15) }));
    nodes.push(scalar('flag', 'checkbox'));
    if (chance(40)) nodes.push(scalar('words', 'text', { hasMany: true }));
    if (chance(40)) nodes.push(scalar('choice', 'select', { localized: isLocalized(20) }));
    // The same field with the same target in two collections, so that one join can bring both.
    const ownerTarget = slug === 'beta' || slug === 'delta' ? 'gamma' : oneOf(targets);
    nodes.push({
      kind: 'relation',
      name: 'owner',
      several: false,
      targets: [ownerTarget],
      hasMany: false,
      localized: false,
    });
    nodes.push(relation('link'));
    if (chance(60)) nodes.push(relation('links'));
    if (slug !== WITH_VIRTUAL && chance(30))
      nodes.push({
        kind: 'relation',
        name: 'self',
        several: false,
        targets: [slug],
        hasMany: chance(30),
        localized: false,
      });
    if (chance(50)) {
      const localized = isLocalized(25);
      nodes.push({
        kind: 'group',
        name: 'group',
        localized,
        children: [
          scalar('text', 'text', { localized: !localized && isLocalized(30) }),
          relation('near', localized),
        ],
      });
    }
    if (chance(40)) {
      nodes.push({
        kind: 'tab',
        name: 'tab',
        localized: false,
        children: [scalar('size', 'number'), relation('kin')],
      });
    }
    if (chance(40))
      nodes.push({ kind: 'unnamed tabs', children: [scalar('note', 'text'), relation('peer')] });
    if (chance(30))
      nodes.push({
        kind: oneOf(['row', 'collapsible'] as const),
        children: [scalar('memo', 'text', { index: true })],
      });
    if (chance(50)) {
      const localized = isLocalized(25);
      nodes.push({
        kind: 'array',
        name: 'items',
        localized,
        children: [
          scalar('label', 'text', { localized: !localized && isLocalized(30) }),
          relation('of', localized),
        ],
      });
    }
    if (chance(45)) {
      const localized = isLocalized(25);
      nodes.push({
        kind: 'blocks',
        name: 'layout',
        localized,
        blocks: [
          { slug: `${slug}Hero`, children: [scalar('heading', 'text'), relation('about', localized)] },
          { slug: `${slug}List`, children: [scalar('rank', 'number'), relation('entries', localized)] },
        ],
      });
    }
    return nodes;
  }

  const collections: ModelCollection[] = CONTENT.map((slug) => ({
    slug,
    nodes: contentNodes(slug),
    versions: oneOf(['none', 'none', 'versions', 'drafts', 'drafts', 'autosave'] as const),
    maxPerDoc: oneOf([0, 2, 5]),
    auth: false,
    upload: false,
    trash: chance(25),
    defaultSort: undefined,
    publicWhere: undefined,
    slices: [],
    cached: chance(92),
  }));
  if (hasMedia) {
    collections.push({
      slug: 'media',
      nodes: [scalar('title', 'text', { localized: isLocalized(30) }), scalar('flag', 'checkbox')],
      versions: 'none',
      maxPerDoc: 0,
      auth: false,
      upload: true,
      trash: false,
      defaultSort: undefined,
      publicWhere: undefined,
      slices: chance(50) ? ['title'] : [],
      cached: true,
    });
  }
  collections.push({
    slug: 'users',
    nodes: [scalar('title', 'text'), scalar('flag', 'checkbox')],
    versions: 'none',
    maxPerDoc: 0,
    auth: true,
    upload: false,
    trash: false,
    defaultSort: undefined,
    publicWhere: undefined,
    slices: [],
    cached: chance(70),
  });
  const bySlug = new Map(collections.map((collection) => [collection.slug, collection]));
  const nodesOf = (slug: string): Node[] => bySlug.get(slug)?.nodes ?? [];

  // Virtual fields along one or two relations.
  const leadsOn = (node: Node): node is Extract<Node, { kind: 'relation' }> =>
    node.kind === 'relation' && !node.several && !node.hasMany && !node.localized;
  for (const over of nodesOf(WITH_VIRTUAL).filter(leadsOn).slice(0, 2)) {
    const virtual = (name: string, path: string, type: 'text' | 'checkbox'): Node => ({
      kind: 'virtual',
      name: `${name}${over.name}`,
      path: `${over.name}.${path}`,
      type,
    });
    nodesOf(WITH_VIRTUAL).push(virtual('title', 'title', 'text'));
    const further = nodesOf(over.targets[0] as string).filter(leadsOn);
    if (further.length > 0)
      nodesOf(WITH_VIRTUAL).push(virtual('far', `${oneOf(further).name}.flag`, 'checkbox'));
  }

  // Joins back along relations outside lists.
  for (const collection of collections.filter(
    ({ slug }) => CONTENT.includes(slug) && slug !== WITH_VIRTUAL,
  )) {
    for (const { node, path } of relationsOutsideLists(collection.nodes)) {
      if (node.localized || !chance(55)) continue;
      const owner = bySlug.get(oneOf(node.targets)) as ModelCollection;
      if (!CONTENT.includes(owner.slug) || joinsOf(owner).length === MOST_JOINS) continue;
      const name = `back_${collection.slug}_${path.replaceAll('.', '_')}`.slice(0, 24);
      if (owner.nodes.some((other) => 'name' in other && other.name === name)) continue;
      owner.nodes.push({
        kind: 'join',
        name,
        targets: [collection.slug],
        on: path,
        where: chance(35)
          ? oneOf<Where>([
              { flag: { equals: true } },
              { 'owner.flag': { equals: true } },
              { count: { greater_than: 0 } },
            ])
          : undefined,
        defaultSort: chance(60) ? oneOf(['title', '-count', '-createdAt', 'flag']) : undefined,
        defaultLimit: chance(40) ? oneOf([1, 2, 0]) : undefined,
      });
    }
  }
  if (chance(70)) {
    nodesOf('gamma').push({
      kind: 'join',
      name: 'owned',
      targets: ['beta', 'delta'],
      on: 'owner',
      where: chance(40) ? { flag: { equals: true } } : undefined,
      defaultSort: chance(60) ? oneOf(['count', '-title', 'flag']) : undefined,
      defaultLimit: chance(40) ? 2 : undefined,
    });
  }

  for (const collection of collections.filter(({ slug }) => CONTENT.includes(slug))) {
    collection.defaultSort = chance(50)
      ? oneOf(['title', '-count', 'owner.title', 'flag', '-id'])
      : undefined;
    collection.publicWhere = chance(50)
      ? oneOf<Where>([
          { flag: { equals: true } },
          { 'owner.flag': { equals: true } },
          { or: [{ count: { greater_than: 0 } }, { title: { equals: 'a' } }] },
        ])
      : undefined;
    const candidates = leavesOf(collection.nodes)
      .filter(({ insideList, type, several }) => !insideList && !several && type !== 'id' && type !== 'date')
      .filter(({ path, isVirtual }) => path !== '_status' && !isVirtual)
      .map(({ path }) => path);
    collection.slices = chance(80) ? candidates.filter(() => chance(55)) : [];
    collection.inOther = {
      slices: candidates.filter((path) => chance(collection.slices.includes(path) ? 30 : 60)),
      cached: chance(75),
    };
  }

  const globals: ModelGlobal[] = ['header', 'settings'].map((slug) => ({
    slug,
    nodes: [
      scalar('title', 'text', { localized: isLocalized(50) }),
      scalar('flag', 'checkbox'),
      relation('link'),
      relation('links'),
      {
        kind: 'array',
        name: 'items',
        localized: false,
        children: [scalar('label', 'text'), relation('of')],
      },
    ],
    versions: oneOf(['none', 'versions', 'drafts', 'autosave'] as const),
  }));
  return { collections, globals, locales };
}

function relationsOutsideLists(
  nodes: readonly Node[],
  prefix = '',
): { node: Extract<Node, { kind: 'relation' }>; path: string }[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'relation') return [{ node, path: `${prefix}${node.name}` }];
    if ((node.kind === 'group' || node.kind === 'tab') && !node.localized)
      return relationsOutsideLists(node.children, `${prefix}${node.name}.`);
    if (node.kind === 'row' || node.kind === 'collapsible' || node.kind === 'unnamed tabs')
      return relationsOutsideLists(node.children, prefix);
    return [];
  });
}

/** The paths of a document's own values. */
export function leavesOf(
  nodes: readonly Node[],
  prefix = '',
  insideList = false,
  insideLocalized = false,
): Leaf[] {
  return nodes.flatMap((node): Leaf[] => {
    const localized = insideLocalized || ('localized' in node && node.localized);
    const leaf = {
      targets: [],
      several: false,
      hasMany: false,
      hops: 0,
      insideList,
      localized,
      isVirtual: false,
    };
    switch (node.kind) {
      case 'scalar':
        return [{ ...leaf, path: `${prefix}${node.name}`, type: node.type, hasMany: node.hasMany }];
      case 'relation':
        return [
          {
            ...leaf,
            path: `${prefix}${node.name}`,
            type: 'relation',
            targets: node.targets,
            several: node.several,
            hasMany: node.hasMany,
          },
        ];
      case 'group':
      case 'tab':
        return leavesOf(node.children, `${prefix}${node.name}.`, insideList, localized);
      case 'row':
      case 'collapsible':
      case 'unnamed tabs':
        return leavesOf(node.children, prefix, insideList, localized);
      case 'array':
        return leavesOf(node.children, `${prefix}${node.name}.`, true, localized);
      case 'blocks':
        return node.blocks.flatMap((block) =>
          leavesOf(block.children, `${prefix}${node.name}.`, true, localized),
        );
      case 'virtual':
        return [{ ...leaf, path: `${prefix}${node.name}`, type: node.type, hops: 1, isVirtual: true }];
      default:
        return [];
    }
  });
}

/**
 * The paths that a condition or an order on a collection may follow, over at most `hops` relations or joins: those that
 * the SQL adapters can follow. They do not go beyond a localized relation, or one to several collections, nor from a related document on
 * along its joins, virtual fields or lists of values.
 */
export function pathsFrom(model: Model, slug: string, hops: number, prefix = ''): Leaf[] {
  const collection = model.collections.find((candidate) => candidate.slug === slug);
  if (!collection) return [];
  const none = {
    targets: [],
    several: false,
    hasMany: false,
    hops: 0,
    insideList: false,
    localized: false,
    isVirtual: false,
  };
  const own: Leaf[] = [
    { ...none, path: 'id', type: 'id', targets: [slug] },
    { ...none, path: 'createdAt', type: 'date' },
    ...(collection.versions === 'drafts' || collection.versions === 'autosave'
      ? [{ ...none, path: '_status', type: 'status' as const }]
      : []),
    ...leavesOf(collection.nodes),
  ];
  const here = own.map((leaf) => ({ ...leaf, path: `${prefix}${leaf.path}` }));
  if (hops === 0) return here;
  const beyond = own
    .filter(({ type, several, localized }) => type === 'relation' && !several && !localized)
    .flatMap((leaf) =>
      pathsFrom(model, leaf.targets[0] as string, hops - 1, `${prefix}${leaf.path}.`)
        .filter(canBeFurther)
        .map((further) => ({
          ...further,
          hops: further.hops + 1,
          insideList: further.insideList || leaf.insideList,
        })),
    );
  const joined = prefix === '' ? joinsOf(collection).filter((join) => joinsAlongOne(model, join)) : [];
  const beyondJoins = joined.flatMap((node) =>
    pathsFrom(model, node.targets[0] as string, hops - 1, `${node.name}.`)
      .filter(canBeFurther)
      .map((further) => ({ ...further, hops: further.hops + 1 })),
  );
  return [...here, ...beyond, ...beyondJoins];
}

/** Whether the SQL adapters can compare it on a related document. */
export function canBeFurther({ type, several, hasMany, insideList, isVirtual }: Leaf): boolean {
  return !isVirtual && !several && !(hasMany && (type !== 'relation' || insideList));
}

/** Whether a join is of one collection, along a relation to one collection. */
function joinsAlongOne(model: Model, { targets, on }: Extract<Node, { kind: 'join' }>): boolean {
  const [target, ...others] = targets;
  const joined = model.collections.find(({ slug }) => slug === target);
  const relation = relationsOutsideLists(joined?.nodes ?? []).find(({ path }) => path === on);
  return others.length === 0 && relation !== undefined && !relation.node.several;
}

/** A collection's join fields. */
export function joinsOf(collection: ModelCollection): Extract<Node, { kind: 'join' }>[] {
  return collection.nodes.filter((node) => node.kind === 'join');
}

// --- Payload's form ---

function toField(node: Node): Field {
  switch (node.kind) {
    case 'scalar':
      return {
        name: node.name,
        type: node.type,
        ...(node.type === 'select' ? { options: OPTIONS } : {}),
        ...(node.localized ? { localized: true } : {}),
        ...(node.hasMany ? { hasMany: true } : {}),
        ...(node.unique ? { unique: true } : {}),
        ...(node.index ? { index: true } : {}),
      } as Field;
    case 'relation':
      return {
        name: node.name,
        type: 'relationship',
        relationTo: node.several ? [...node.targets] : node.targets[0],
        ...(node.hasMany ? { hasMany: true } : {}),
        ...(node.localized ? { localized: true } : {}),
      } as Field;
    case 'group':
      return {
        name: node.name,
        type: 'group',
        ...(node.localized ? { localized: true } : {}),
        fields: node.children.map(toField),
      };
    case 'tab':
      return {
        type: 'tabs',
        tabs: [{ name: node.name, label: node.name, fields: node.children.map(toField) }],
      };
    case 'unnamed tabs':
      return { type: 'tabs', tabs: [{ label: 'More', fields: node.children.map(toField) }] };
    case 'row':
      return { type: 'row', fields: node.children.map(toField) };
    case 'collapsible':
      return { type: 'collapsible', label: 'More', fields: node.children.map(toField) };
    case 'array':
      return {
        name: node.name,
        type: 'array',
        ...(node.localized ? { localized: true } : {}),
        fields: node.children.map(toField),
      };
    case 'blocks':
      return {
        name: node.name,
        type: 'blocks',
        ...(node.localized ? { localized: true } : {}),
        blocks: node.blocks.map(({ slug, children }) => ({ slug, fields: children.map(toField) })),
      };
    case 'virtual':
      return { name: node.name, type: node.type, virtual: node.path } as Field;
    case 'join':
      return {
        name: node.name,
        type: 'join',
        collection: node.targets.length === 1 ? node.targets[0] : [...node.targets],
        on: node.on,
        ...(node.where ? { where: structuredClone(node.where) } : {}),
        ...(node.defaultSort ? { defaultSort: node.defaultSort } : {}),
        ...(node.defaultLimit !== undefined ? { defaultLimit: node.defaultLimit } : {}),
        maxDepth: 1,
      } as Field;
  }
}

function versionsOption(versions: Versions, maxPerDoc: number): CollectionConfig['versions'] {
  if (versions === 'none') return false;
  const kept = maxPerDoc > 0 ? { maxPerDoc } : {};
  if (versions === 'versions') return { ...kept, drafts: false };
  return { ...kept, drafts: versions === 'autosave' ? { autosave: true } : true };
}

/** Payload's config of the collections; a new one at each call, since Payload sanitises in place. */
export function toCollections(model: Model): CollectionConfig[] {
  return model.collections.map((collection) => {
    const { slug, publicWhere } = collection;
    const read: Access = ({ req }) => (req.user || !publicWhere ? true : structuredClone(publicWhere));
    return {
      slug,
      fields: collection.nodes.map(toField),
      access: { read, readVersions: () => true },
      versions: versionsOption(collection.versions, collection.maxPerDoc),
      ...(collection.auth ? { auth: true } : {}),
      ...(collection.upload ? { upload: { filesRequiredOnCreate: false } } : {}),
      ...(collection.trash ? { trash: true } : {}),
      ...(collection.defaultSort ? { defaultSort: collection.defaultSort } : {}),
    };
  });
}

/** Payload's config of the globals. */
export function toGlobals(model: Model): GlobalConfig[] {
  return model.globals.map(({ slug, nodes, versions }) => ({
    slug,
    fields: nodes.map(toField),
    access: { read: () => true },
    versions: (versions === 'none'
      ? false
      : versions === 'versions'
        ? { drafts: false }
        : { drafts: versions === 'autosave' ? { autosave: true } : true }) as GlobalConfig['versions'],
  }));
}
