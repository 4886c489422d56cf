import fc from 'fast-check';
import {
  type Args,
  type Command,
  type DocumentPlace,
  documentPlace,
  type ReadCommand,
  type TogetherCommand,
  type TransactionCommand,
  type WriteCommand,
} from './command.js';
import { functionArbitrary } from './functions.js';
import { longReadArbitrary } from './lengths.js';
import {
  canBeFurther,
  joinsOf,
  type Leaf,
  leavesOf,
  type Model,
  type ModelCollection,
  type Node,
  OPTIONS,
  pathsFrom,
} from './schema.js';
import { sharingArbitrary } from './sharing.js';

const TEXTS = ['a', 'b', 'ab', 'x y', '', 'null', 'A', '%', 'é', '12'];
const NUMBERS = [0, 1, 2, -1, 1.5, 12];
const LOCALES = ['en', 'de'];

const text = fc.constantFrom(...TEXTS);
/** A text that is probably not there yet, and now and then is. */
const rare = fc.oneof(
  { weight: 1, arbitrary: text.map((value) => value || 'a') },
  { weight: 3, arbitrary: fc.nat({ max: 9999 }).map((n) => `t${n}`) },
);
const number = fc.constantFrom(...NUMBERS);
const option = fc.constantFrom(...OPTIONS);

/** So many times as often as not. */
const sometimes = <Value>(arbitrary: fc.Arbitrary<Value>, times: number): fc.Arbitrary<Value | undefined> =>
  // Once in `freq` it is nothing: with 1 it always is.
  fc.option(arbitrary, { nil: undefined, freq: times + 1 });

/** An object of those arbitraries that do not give `undefined`. */
function args(record: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Args> {
  return fc
    .record(record)
    .map((values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)));
}

export interface CommandOptions {
  /** Whether the adapter has `findDistinct`; D1's does not. */
  findDistinct: boolean;
  /** How many Payload instances there are that read. */
  sites: number;
  /** How many there are besides that only write. */
  writers?: number;
  transactions: boolean;
  /** Whether others may write while a transaction is open. SQLite has one writer. */
  writesBesideTransaction: boolean;
  /** How many of a hundred commands write. */
  writes: number;
  /** How many of a hundred commands call functions. Default none. */
  functions?: number;
  /** What is not drawn. */
  without?: ReadonlySet<Kind>;
}

/** What can be left out of a run, to find what else there is. */
export type Kind = 'order' | 'sharing' | 'policies' | 'databases' | 'clocks' | 'lengths';

/** Commands for a site. */
export function commandArbitrary(model: Model, options: CommandOptions): fc.Arbitrary<Command> {
  const has = (kind: Kind): boolean => !options.without?.has(kind);
  const site = fc.nat({ max: options.sites - 1 });
  const read = drawn(readArbitrary(model, site, options), has('order'));
  const write = writeArbitrary(model, fc.nat({ max: options.sites + (options.writers ?? 0) - 1 }));
  const unseen = (slug: string): fc.Arbitrary<WriteCommand> => everyDocument(model, slug);
  const together: fc.Arbitrary<TogetherCommand> = fc.record({
    do: fc.constant('together' as const),
    commands: fc
      .tuple(
        write,
        fc.array(read, { minLength: 1, maxLength: 4, size: 'max' }),
        options.writesBesideTransaction ? fc.option(write, { freq: 3 }) : fc.constant(null),
      )
      .map(([one, reads, other]) => [
        ...reads.slice(0, 1),
        one,
        ...reads.slice(1),
        ...reads.slice(0, 1),
        ...(other ? [other] : []),
      ]),
  });
  const transaction: fc.Arbitrary<TransactionCommand> = fc.record({
    do: fc.constant('transaction' as const),
    site,
    inside: fc.array(fc.oneof({ weight: 2, arbitrary: write }, { weight: 1, arbitrary: read }), {
      minLength: 1,
      maxLength: 4,
      size: 'max',
    }),
    outside: fc.array(read, { minLength: 1, maxLength: 2, size: 'max' }),
    end: fc.constantFrom('commit' as const, 'rollback' as const),
  });
  const seldom = fc.oneof<fc.Arbitrary<Command>[]>(
    has('lengths') ? longReadArbitrary(model, site) : read,
    fc.record({
      do: fc.constant('expiry' as const),
      site,
      unseen: fc.tuple(...model.collections.filter(({ auth }) => !auth).map(({ slug }) => unseen(slug))),
    }),
  );
  const often = fc.oneof(
    { weight: 100 - options.writes, arbitrary: read as fc.Arbitrary<Command> },
    { weight: options.writes, arbitrary: write },
    ...(options.functions ? [{ weight: options.functions, arbitrary: functionArbitrary(read, site) }] : []),
    { weight: 1, arbitrary: together },
    {
      weight: has('sharing') ? 2 : 0,
      // Writes of one request are in its transaction, where there are any.
      arbitrary: sharingArbitrary(model, site, unseen, options.transactions ? undefined : write),
    },
    ...(options.transactions ? [{ weight: Math.ceil(options.writes / 4), arbitrary: transaction }] : []),
  );
  return fc.oneof({ weight: 99, arbitrary: often }, { weight: 1, arbitrary: seldom });
}

/** How a read is made once more: in another order, and on another database. */
function drawn(read: fc.Arbitrary<ReadCommand>, inOrders: boolean): fc.Arbitrary<ReadCommand> {
  return fc
    .record({
      command: read,
      order: fc.nat({ max: 30 }).map((n) => (inOrders && n % 3 === 0 ? n / 3 : undefined)),
      elsewhere: fc.nat({ max: 15 }),
    })
    .map(({ command, order, elsewhere }) => ({ ...command, order, isElsewhereToo: elsewhere === 0 }));
}

/** A change of every document of a collection: of what they may all have in common. */
function everyDocument(model: Model, slug: string): fc.Arbitrary<WriteCommand> {
  const { nodes } = collectionOf(model, slug) as ModelCollection;
  const common = nodes.filter((node) => node.kind === 'relation' || (node.kind === 'scalar' && !node.unique));
  return dataOf(common, { byLocale: true, hasLocales: model.locales.length > 0 }).map((data) => ({
    do: 'write',
    site: 0,
    level: 'adapter',
    operation: 'updateMany',
    args: { collection: slug, where: {}, data },
  }));
}

// --- Conditions and orders ---

const reference = (slug: string): fc.Arbitrary<DocumentPlace> =>
  documentPlace(slug).map((place) => ({ ...place, mustBeThere: true }));

function operand(leaf: Leaf): fc.Arbitrary<Args> {
  const value = operandValue(leaf);
  // SQL adapters compare the two parts of such a relation in no other way.
  if (leaf.several) return value.map((equals) => ({ equals }));
  const several = fc.array(value, { minLength: 0, maxLength: 3, size: 'max' });
  const common = [
    { weight: 6, arbitrary: value.map((equals) => ({ equals })) },
    { weight: 3, arbitrary: several.map((list) => ({ in: list })) },
    { weight: 2, arbitrary: value.map((other) => ({ not_equals: other })) },
    { weight: 1, arbitrary: several.map((list) => ({ not_in: list })) },
    { weight: 2, arbitrary: fc.boolean().map((exists) => ({ exists })) },
  ] as { weight: number; arbitrary: fc.Arbitrary<Args> }[];
  if (leaf.type === 'text')
    common.push(
      { weight: 1, arbitrary: text.map((like) => ({ like })) },
      { weight: 2, arbitrary: text.map((contains) => ({ contains })) },
    );
  if (leaf.type === 'number')
    common.push(
      { weight: 2, arbitrary: number.map((bound) => ({ greater_than: bound })) },
      { weight: 2, arbitrary: number.map((bound) => ({ less_than_equal: bound })) },
      {
        weight: 1,
        arbitrary: fc.tuple(number, number).map(([low, high]) => ({ greater_than: low, less_than: high })),
      },
    );
  return fc.oneof(...common);
}

function operandValue(leaf: Leaf): fc.Arbitrary<unknown> {
  switch (leaf.type) {
    case 'text':
      return text;
    case 'number':
      return fc.oneof(
        { weight: 9, arbitrary: number as fc.Arbitrary<unknown> },
        { weight: 1, arbitrary: number.map(String) },
      );
    case 'checkbox':
      return fc.boolean();
    case 'select':
      return option;
    case 'status':
      return fc.constantFrom('draft', 'published');
    case 'date':
      return fc.constantFrom('2001-01-01T00:00:00.000Z', '2101-01-01T00:00:00.000Z');
    case 'id':
      return documentPlace(leaf.targets[0] as string);
    case 'relation': {
      if (!leaf.several) return documentPlace(leaf.targets[0] as string);
      return fc.oneof(
        ...leaf.targets.map((relationTo) =>
          fc.record({ relationTo: fc.constant(relationTo), value: documentPlace(relationTo) }),
        ),
      );
    }
  }
}

interface Conditions {
  where: fc.Arbitrary<Args>;
  sort: fc.Arbitrary<unknown>;
  /** Fields for `findDistinct`. */
  distinct: fc.Arbitrary<Leaf>;
}

const conditionsOf = new WeakMap<Model, Map<string, Conditions>>();

/**
 * Conditions and orders on a collection. Near paths come more often than far ones. Virtual fields are what the Local
 * API resolves: an adapter knows them in an order only.
 */
function conditions(model: Model, slug: string, level: 'local' | 'adapter'): Conditions {
  let known = conditionsOf.get(model);
  if (!known) {
    known = new Map();
    conditionsOf.set(model, known);
  }
  let of = known.get(`${level} ${slug}`);
  if (!of) {
    of = makeConditions(model, slug, level);
    known.set(`${level} ${slug}`, of);
  }
  return of;
}

function makeConditions(model: Model, slug: string, level: 'local' | 'adapter'): Conditions {
  const collection = collectionOf(model, slug);
  const near = pathsFrom(model, slug, 0).filter(({ isVirtual }) => !isVirtual || level === 'local');
  const further = pathsFrom(model, slug, 1).filter(({ hops, isVirtual }) => hops === 1 && !isVirtual);
  const far = pathsFrom(model, slug, 2).filter(({ hops }) => hops === 2);
  const sliced = near.filter(({ path }) => collection?.slices.includes(path));
  const pick = (list: Leaf[], weight: number): { weight: number; arbitrary: fc.Arbitrary<Leaf> }[] =>
    list.length > 0 ? [{ weight, arbitrary: fc.constantFrom(...list) }] : [];
  const leaf = fc.oneof(...pick(near, 8), ...pick(sliced, 8), ...pick(further, 6), ...pick(far, 2));
  const spelled = (path: string): fc.Arbitrary<string> =>
    fc.oneof(
      { weight: 30, arbitrary: fc.constant(path) },
      { weight: 1, arbitrary: fc.constant(path.replaceAll('.', '__')) },
    );
  const condition: fc.Arbitrary<Args> = fc.oneof(
    {
      weight: 14,
      arbitrary: leaf.chain((to) =>
        fc.tuple(spelled(to.path), operand(to)).map(([path, value]) => ({ [path]: value })),
      ),
    },
    ...nestedContains(model, collection),
    ...polymorphicParts(near),
  );
  const where: fc.Arbitrary<Args> = fc.oneof(
    { weight: 8, arbitrary: condition },
    {
      weight: 2,
      arbitrary: fc.array(condition, { minLength: 1, maxLength: 3, size: 'max' }).map((and) => ({ and })),
    },
    {
      weight: 2,
      arbitrary: fc.array(condition, { minLength: 1, maxLength: 3, size: 'max' }).map((or) => ({ or })),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(condition, condition).map(([one, other]) => ({ ...one, and: [other] })),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(condition, condition).map(([one, other]) => ({ or: [one], and: [other] })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(condition, condition, condition)
        .map(([one, two, three]) => ({ and: [one, { or: [two, three] }] })),
    },
    { weight: 1, arbitrary: fc.tuple(condition, condition).map((parts) => Object.assign({}, ...parts)) },
    { weight: 1, arbitrary: fc.constant({}) },
  );
  const order = fc
    .tuple(
      fc.oneof(
        ...pick(
          near.filter(({ insideList }) => !insideList),
          6,
        ),
        ...pick(
          further.filter(({ insideList }) => !insideList),
          4,
        ),
        ...pick(
          far.filter(({ insideList }) => !insideList),
          2,
        ),
      ),
      fc.boolean(),
    )
    .map(([{ path }, descending]) => `${descending ? '-' : ''}${path}`);
  const sort = fc.oneof(
    { weight: 4, arbitrary: order as fc.Arbitrary<unknown> },
    { weight: 1, arbitrary: fc.array(order, { minLength: 1, maxLength: 2, size: 'max' }) },
  );
  const distinct = fc.oneof(
    ...pick(
      near.filter(({ insideList, path, hasMany }) => !insideList && !hasMany && path !== 'id'),
      6,
    ),
    ...pick(
      further.filter(({ insideList, path }) => !insideList && !path.startsWith('back_')),
      4,
    ),
  );
  return { where, sort, distinct };
}

/** `contains` with a where of the related documents. */
function nestedContains(
  model: Model,
  collection: ModelCollection | undefined,
): { weight: number; arbitrary: fc.Arbitrary<Args> }[] {
  if (!collection) return [];
  const paths = [
    ...leavesOf(collection.nodes)
      .filter(
        ({ type, hasMany, several, insideList }) => type === 'relation' && hasMany && !several && !insideList,
      )
      .map(({ path, targets }) => ({ path, target: targets[0] as string })),
    ...joinsOf(collection)
      .filter(({ targets }) => targets.length === 1)
      .map(({ name, targets }) => ({ path: name, target: targets[0] as string })),
  ];
  if (paths.length === 0) return [];
  const arbitrary = fc
    .constantFrom(...paths)
    .chain(({ path, target }) =>
      fc
        .constantFrom(...pathsFrom(model, target, 0).filter(canBeFurther))
        .chain((leaf) => operand(leaf).map((value) => ({ [path]: { contains: { [leaf.path]: value } } }))),
    );
  return [{ weight: 1, arbitrary }];
}

/** `relationTo` and `value` of a relation to several collections. */
function polymorphicParts(leaves: Leaf[]): { weight: number; arbitrary: fc.Arbitrary<Args> }[] {
  const several = leaves.filter((leaf) => leaf.several && !leaf.insideList);
  if (several.length === 0) return [];
  const arbitrary = fc.constantFrom(...several).chain(({ path, targets }) =>
    fc.constantFrom(...targets).chain((target) =>
      fc.oneof(
        fc.constant({ [`${path}.relationTo`]: { equals: target } } as Args),
        documentPlace(target).map((place) => ({ [`${path}.value`]: { equals: place } })),
      ),
    ),
  );
  return [{ weight: 1, arbitrary }];
}

/** Conditions on versions: of the version itself and of the document in it. */
function versionConditions(model: Model, slug: string): Pick<Conditions, 'where' | 'sort'> {
  const paths = pathsFrom(model, slug, 1).filter(({ path }) => path !== 'id');
  const inside = fc
    .constantFrom(...paths)
    .chain((leaf) => operand(leaf).map((value) => ({ [`version.${leaf.path}`]: value }) as Args));
  const parent = fc.oneof(
    documentPlace(slug).map((place) => ({ parent: { equals: place } }) as Args),
    fc
      .array(documentPlace(slug), { minLength: 1, maxLength: 3, size: 'max' })
      .map((list) => ({ parent: { in: list } })),
  );
  const condition = fc.oneof(
    { weight: 3, arbitrary: parent },
    { weight: 3, arbitrary: inside },
    ...(hasDrafts(collectionOf(model, slug) ?? { versions: 'none' })
      ? [
          {
            weight: 1,
            arbitrary: fc.constantFrom<Args>(
              { latest: { equals: true } },
              { 'version._status': { equals: 'draft' } },
            ),
          },
        ]
      : []),
  );
  return {
    where: fc.oneof(
      condition,
      fc.tuple(condition, condition).map((and) => ({ and })),
    ),
    sort: fc.oneof(
      fc.constantFrom('-updatedAt', 'updatedAt', '-id'),
      fc
        .constantFrom(...paths.filter(({ insideList, isVirtual }) => !insideList && !isVirtual))
        .map(({ path }) => `version.${path}`),
    ),
  };
}

// --- Reads ---

function collectionOf(model: Model, slug: string): ModelCollection | undefined {
  return model.collections.find((candidate) => candidate.slug === slug);
}

const hasDrafts = ({ versions }: { versions: string }): boolean =>
  versions === 'drafts' || versions === 'autosave';

function selectOf(nodes: readonly Node[], prefix?: string): fc.Arbitrary<Args> {
  const names = nodes.flatMap((node) =>
    'name' in node
      ? [node.name]
      : 'children' in node
        ? node.children.flatMap((child) => ('name' in child ? [child.name] : []))
        : [],
  );
  const nested = nodes.filter(
    (node): node is Extract<Node, { kind: 'group' | 'tab' | 'array' }> =>
      node.kind === 'group' || node.kind === 'tab' || node.kind === 'array',
  );
  const include = fc
    .subarray(names, { minLength: 1 })
    .map((chosen) => Object.fromEntries(chosen.slice(0, 4).map((name) => [name, true])));
  const exclude = fc
    .subarray(names, { minLength: 1 })
    .map((chosen) => Object.fromEntries(chosen.slice(0, 3).map((name) => [name, false])));
  const deep = nested.length
    ? [
        fc.constantFrom(...nested).map((node) => ({
          [node.name]: Object.fromEntries(
            node.children.slice(0, 1).flatMap((child) => ('name' in child ? [[child.name, true]] : [])),
          ),
        })),
      ]
    : [];
  // Payload takes the mode of the first that it meets: the order of the properties is part of the question.
  const insides = nested.flatMap((node) =>
    node.children.slice(0, 2).flatMap((child) => ('name' in child ? [[node.name, child.name] as const] : [])),
  );
  const mixed = fc
    .tuple(
      fc.subarray(insides, {
        minLength: Math.min(1, insides.length),
        maxLength: Math.min(2, insides.length),
      }),
      fc.subarray(names, { minLength: 1, maxLength: Math.min(2, names.length) }),
      fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    )
    .chain(([inner, outer, values]) =>
      fc.shuffledSubarray(
        [
          ...outer.map((name, n): [string, unknown] => [name, values[n]]),
          ...inner.map(([name, child], n): [string, unknown] => [name, { [child]: values[2 + n] }]),
        ],
        { minLength: outer.length + inner.length },
      ),
    )
    .map((chosen): Args => Object.fromEntries(chosen));
  const select: fc.Arbitrary<Args> = fc.oneof(include as fc.Arbitrary<Args>, exclude, mixed, mixed, ...deep);
  return prefix ? select.map((value) => ({ [prefix]: value })) : select;
}

/** What is taken of the documents of relations. */
function populateOf(model: Model): fc.Arbitrary<Args> {
  return fc
    .constantFrom(...model.collections.filter(({ auth }) => !auth))
    .chain(({ slug, nodes }) => selectOf(nodes).map((select) => ({ [slug]: select })));
}

/** Plain values of a document that all of the collections have. */
function commonLeaves(model: Model, slugs: readonly string[]): Leaf[] {
  const [first = [], ...others] = slugs.map((slug) =>
    pathsFrom(model, slug, 0).filter(
      ({ type, hasMany, insideList, isVirtual }) =>
        ['text', 'number', 'checkbox'].includes(type) && !hasMany && !insideList && !isVirtual,
    ),
  );
  return first.filter(({ path }) => others.every((list) => list.some((other) => other.path === path)));
}

/** Where Payload refuses the `where` of a join it lets go of a promise that says so: the Local API gets plain ones. */
function joinsArgument(
  model: Model,
  collection: ModelCollection,
  level: 'local' | 'adapter',
): fc.Arbitrary<unknown> {
  const joins = joinsOf(collection);
  if (joins.length === 0) return fc.constantFrom(false, undefined);
  const one = fc.constantFrom(...joins).chain((join) => {
    const ofTarget =
      level === 'adapter' && join.targets.length === 1
        ? conditions(model, join.targets[0] as string, level)
        : undefined;
    const common = commonLeaves(model, join.targets);
    const plain = fc
      .constantFrom(...common)
      .chain((leaf) => operandValue(leaf).map((equals): Args => ({ [leaf.path]: { equals } })));
    const order = fc
      .tuple(fc.constantFrom(...common), fc.constantFrom('', '-'))
      .map(([{ path }, direction]) => `${direction}${path}`);
    return fc
      .oneof(
        { weight: 1, arbitrary: fc.constant(false) as fc.Arbitrary<unknown> },
        {
          weight: 5,
          arbitrary: args({
            limit: sometimes(fc.constantFrom(0, 1, 3), 2),
            page: sometimes(fc.constantFrom(1, 2), 4),
            count: sometimes(fc.boolean(), 2),
            sort: sometimes(
              fc.oneof(order as fc.Arbitrary<unknown>, ...(ofTarget ? [ofTarget.sort] : [])),
              2,
            ),
            where: sometimes(fc.oneof(plain, ...(ofTarget ? [ofTarget.where] : [])), 2),
          }),
        },
      )
      .map((request) => ({ [join.name]: request }));
  });
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(false) as fc.Arbitrary<unknown> },
    { weight: 4, arbitrary: one },
    { weight: 1, arbitrary: fc.tuple(one, one).map(([first, second]) => ({ ...first, ...second })) },
  );
}

const visitor = fc.constantFrom<Args>(
  { overrideAccess: false },
  { overrideAccess: false, user: { id: 1, collection: 'users', email: 'a@example.com' } },
  { overrideAccess: false, user: { id: 2, collection: 'users', email: 'b@example.com' } },
);

function readArbitrary(
  model: Model,
  site: fc.Arbitrary<number>,
  options: CommandOptions,
): fc.Arbitrary<ReadCommand> {
  const local: [number, fc.Arbitrary<[string, Args]>][] = [];
  const adapter: [number, fc.Arbitrary<[string, Args]>][] = [];
  const hasLocales = model.locales.length > 0;
  const locale = hasLocales ? sometimes(fc.constantFrom('en', 'de', 'all'), 2) : fc.constant(undefined);
  // Without a locale an adapter cannot compare localized values.
  const adapterLocale = hasLocales ? fc.constantFrom('en', 'de') : fc.constant(undefined);
  const paging = {
    limit: sometimes(fc.constantFrom(0, 1, 2, 5), 2),
    page: sometimes(fc.constantFrom(1, 2), 4),
    pagination: sometimes(fc.boolean(), 3),
  };

  for (const collection of model.collections) {
    const { slug } = collection;
    const weight = slug === 'users' || slug === 'media' ? 1 : 4;
    const { where, sort, distinct } = conditions(model, slug, 'local');
    const raw = conditions(model, slug, 'adapter');
    const named = { collection: fc.constant(slug) };
    const shape = {
      locale,
      fallbackLocale: hasLocales
        ? sometimes(fc.constantFrom<unknown>(false, 'de'), 6)
        : fc.constant(undefined),
      depth: sometimes(fc.constantFrom(0, 0, 1, 2), 3),
      draft: hasDrafts(collection) ? sometimes(fc.boolean(), 2) : fc.constant(undefined),
      select: sometimes(selectOf(collection.nodes), 4),
      populate: sometimes(
        fc.oneof(
          { weight: 3, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: populateOf(model) },
        ),
        9,
      ),
      joins: sometimes(joinsArgument(model, collection, 'local'), 3),
      trash: collection.trash ? sometimes(fc.boolean(), 3) : fc.constant(undefined),
    };
    const rawJoins = sometimes(joinsArgument(model, collection, 'adapter'), 3);
    const withVisitor = (arbitrary: fc.Arbitrary<Args>): fc.Arbitrary<Args> =>
      fc
        .tuple(arbitrary, fc.option(visitor, { nil: {}, freq: 3 }))
        .map(([one, other]) => ({ ...one, ...other }));
    const add = (
      list: typeof local,
      share: number,
      operation: string,
      arbitrary: fc.Arbitrary<Args>,
    ): void => {
      if (operation === 'findDistinct' && !options.findDistinct) return;
      list.push([share * weight, arbitrary.map((value): [string, Args] => [operation, value])]);
    };

    add(
      local,
      5,
      'find',
      withVisitor(
        args({ ...named, ...shape, ...paging, where: sometimes(where, 4), sort: sometimes(sort, 2) }),
      ),
    );
    add(
      local,
      4,
      'findByID',
      withVisitor(
        args({ ...named, ...shape, id: documentPlace(slug), disableErrors: sometimes(fc.boolean(), 2) }),
      ),
    );
    add(local, 1, 'count', withVisitor(args({ ...named, locale, where: sometimes(where, 4) })));
    add(
      local,
      1,
      'findDistinct',
      withVisitor(
        args({
          ...named,
          field: distinct.map(({ path }) => path),
          where: sometimes(where, 2),
          limit: sometimes(fc.constantFrom(1, 3), 2),
          locale: adapterLocale,
          depth: shape.depth,
        }),
      ),
    );
    // The adapter reads the joins of a find only where it is told the collection's own.
    add(
      adapter,
      7,
      'find',
      args({
        ...named,
        ...paging,
        where: sometimes(raw.where, 5),
        sort: sometimes(raw.sort, 2),
        locale: adapterLocale,
        select: shape.select,
        joins: rawJoins,
        draftsEnabled: sometimes(fc.boolean(), 3),
      }),
    );
    add(
      adapter,
      5,
      'findOne',
      args({
        ...named,
        where: fc.oneof(
          raw.where,
          documentPlace(slug).map((id) => ({ id: { equals: id } })),
        ),
        locale: adapterLocale,
        select: shape.select,
        joins: rawJoins,
        draftsEnabled: sometimes(fc.boolean(), 4),
      }),
    );
    add(adapter, 2, 'count', args({ ...named, where: sometimes(raw.where, 5), locale: adapterLocale }));
    add(
      adapter,
      1,
      'findDistinct',
      args({
        ...named,
        field: raw.distinct.map(({ path }) => path),
        where: sometimes(raw.where, 2),
        sort: sometimes(raw.sort, 3),
        limit: sometimes(fc.constantFrom(1, 3), 2),
        locale: adapterLocale,
      }),
    );

    if (collection.versions === 'none') continue;
    const version = versionConditions(model, slug);
    const versionSelect = sometimes(selectOf(collection.nodes, 'version'), 4);
    add(
      local,
      1,
      'findVersions',
      args({
        ...named,
        ...paging,
        where: sometimes(version.where, 3),
        sort: sometimes(version.sort, 2),
        locale,
        depth: shape.depth,
        select: versionSelect,
      }),
    );
    add(
      local,
      1,
      'findVersionByID',
      args({
        ...named,
        id: fc.record({ $version: fc.constant(slug), n: fc.nat({ max: 9 }) }),
        locale,
        depth: shape.depth,
        disableErrors: fc.constant(true),
      }),
    );
    add(local, 1, 'countVersions', args({ ...named, where: sometimes(version.where, 3) }));
    add(
      adapter,
      2,
      'findVersions',
      args({
        ...named,
        ...paging,
        where: sometimes(version.where, 3),
        sort: sometimes(version.sort, 2),
        locale: adapterLocale,
        select: versionSelect,
      }),
    );
    add(
      adapter,
      1,
      'countVersions',
      args({ ...named, where: sometimes(version.where, 3), locale: adapterLocale }),
    );
    if (hasDrafts(collection)) {
      const draftWhere = raw.where.map((value) => prefixed(value));
      add(
        adapter,
        3,
        'queryDrafts',
        args({
          ...named,
          ...paging,
          where: sometimes(draftWhere, 4),
          sort: sometimes(raw.sort, 2),
          locale: adapterLocale,
          // As Payload asks for drafts, and as it does not.
          select: sometimes(
            fc.oneof(
              { weight: 4, arbitrary: selectOf(collection.nodes, 'version') },
              selectOf(collection.nodes),
            ),
            3,
          ),
          joins: rawJoins,
        }),
      );
    }
  }
  for (const global of model.globals) {
    const shape = {
      slug: fc.constant(global.slug),
      locale,
      depth: sometimes(fc.constantFrom(0, 1, 2), 3),
      select: sometimes(selectOf(global.nodes), 4),
    };
    const add = (
      list: typeof local,
      share: number,
      operation: string,
      arbitrary: fc.Arbitrary<Args>,
    ): void => {
      list.push([share, arbitrary.map((value): [string, Args] => [operation, value])]);
    };
    add(
      local,
      5,
      'findGlobal',
      args({ ...shape, draft: hasDrafts(global) ? sometimes(fc.boolean(), 2) : fc.constant(undefined) }),
    );
    add(adapter, 6, 'findGlobal', args({ slug: shape.slug, locale: adapterLocale, select: shape.select }));
    if (global.versions === 'none') continue;
    const where = sometimes(
      fc.oneof(
        fc
          .constantFrom(
            ...leavesOf(global.nodes).filter(({ type }) => type === 'text' || type === 'checkbox'),
          )
          .chain((leaf) =>
            operandValue(leaf).map((equals): Args => ({ [`version.${leaf.path}`]: { equals } })),
          ),
        ...(hasDrafts(global) ? [fc.constant({ latest: { equals: true } })] : []),
      ),
      2,
    );
    const sort = sometimes(fc.constantFrom('-updatedAt', 'updatedAt', '-id'), 2);
    add(
      local,
      2,
      'findGlobalVersions',
      args({ slug: shape.slug, where, sort, depth: shape.depth, locale, ...paging }),
    );
    add(local, 1, 'countGlobalVersions', args({ global: shape.slug, where }));
    add(
      adapter,
      3,
      'findGlobalVersions',
      args({ global: shape.slug, where, sort, locale: adapterLocale, ...paging }),
    );
    add(adapter, 1, 'countGlobalVersions', args({ global: shape.slug, where }));
  }
  const choose = (list: typeof local): fc.Arbitrary<[string, Args]> =>
    fc.oneof(...list.map(([weight, arbitrary]) => ({ weight, arbitrary })));
  const readAt = (
    level: ReadCommand['level'],
    list: typeof local,
    argsOf: (operation: string, value: Args) => Args,
  ): fc.Arbitrary<ReadCommand> =>
    fc.tuple(site, choose(list)).map(([at, [operation, value]]) => ({
      do: 'read',
      site: at,
      level,
      operation,
      args: argsOf(operation, value),
    }));
  return fc.oneof(
    {
      weight: 1,
      arbitrary: readAt('local', local, (operation, value) =>
        value.locale === 'all' ? inAllLocales(operation, value) : value,
      ),
    },
    { weight: 3, arbitrary: readAt('adapter', adapter, (_operation, value) => value) },
  );
}

/** With all locales Payload cannot resolve paths, and lets go of promises that say so. */
function inAllLocales(operation: string, { where: _where, sort: _sort, ...rest }: Args): Args {
  const joins = operation === 'find' || operation === 'findByID' ? { joins: false } : {};
  return { ...rest, ...joins, depth: 0, ...(operation.startsWith('find') ? { sort: 'id' } : {}) };
}

/** A where on documents as a where on their versions. */
function prefixed(where: Args): Args {
  return Object.fromEntries(
    Object.entries(where).map(([name, value]) =>
      name === 'and' || name === 'or'
        ? [name, (value as Args[]).map(prefixed)]
        : [name === 'id' ? 'parent' : `version.${name}`, value],
    ),
  );
}

// --- Writes ---

interface DataOptions {
  /** Localized values as objects by locale, as the adapter takes them. */
  byLocale: boolean;
  hasLocales: boolean;
}

/** Rows of arrays and blocks; the adapter takes them with the ids that Payload would give them. */
function rowOf(nodes: readonly Node[], options: DataOptions): fc.Arbitrary<Args> {
  const row = dataOf(nodes, options);
  return options.byLocale ? fc.tuple(rowId, row).map(([id, values]) => ({ id, ...values })) : row;
}

const rowId = fc
  .array(fc.nat({ max: 15 }), { minLength: 24, maxLength: 24 })
  .map((digits) => digits.map((digit) => digit.toString(16)).join(''));

function dataOf(nodes: readonly Node[], options: DataOptions): fc.Arbitrary<Args> {
  const inLocales = (localized: boolean, arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    localized && options.byLocale && options.hasLocales
      ? args({ en: arbitrary, de: sometimes(arbitrary, 2) })
      : arbitrary;
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const node of nodes) {
    switch (node.kind) {
      case 'scalar': {
        const value: fc.Arbitrary<unknown> =
          node.type === 'text'
            ? text
            : node.type === 'number'
              ? number
              : node.type === 'checkbox'
                ? fc.boolean()
                : option;
        const values = node.hasMany ? fc.array(value, { maxLength: 3, size: 'max' }) : value;
        // A unique value is rarely free.
        fields[node.name] = node.required
          ? inLocales(node.localized, node.unique ? rare : values)
          : sometimes(inLocales(node.localized, fc.option(values, { freq: 8 })), node.unique ? 1 : 2);
        break;
      }
      case 'relation': {
        const one = fc.oneof(
          ...node.targets.map((relationTo) =>
            node.several
              ? fc.record({ relationTo: fc.constant(relationTo), value: reference(relationTo) })
              : (reference(relationTo) as fc.Arbitrary<unknown>),
          ),
        );
        const value = node.hasMany
          ? fc.array(one, { maxLength: 3, size: 'max' })
          : fc.option(one, { freq: 6 });
        fields[node.name] = sometimes(inLocales(node.localized, value as fc.Arbitrary<unknown>), 3);
        break;
      }
      case 'group':
      case 'tab':
        fields[node.name] = sometimes(inLocales(node.localized, dataOf(node.children, options)), 1);
        break;
      case 'row':
      case 'collapsible':
      case 'unnamed tabs':
        for (const child of node.children)
          if ('name' in child)
            fields[child.name] = dataOf([child], options).map((value) => value[child.name]);
        break;
      case 'array':
        fields[node.name] = sometimes(
          inLocales(node.localized, fc.array(rowOf(node.children, options), { maxLength: 2, size: 'max' })),
          1,
        );
        break;
      case 'blocks': {
        const block = fc.oneof(
          ...node.blocks.map(({ slug, children }) =>
            rowOf(children, options).map((value) => ({ blockType: slug, ...value })),
          ),
        );
        fields[node.name] = sometimes(
          inLocales(node.localized, fc.array(block, { maxLength: 2, size: 'max' })),
          1,
        );
        break;
      }
      default:
        break;
    }
  }
  return args(fields);
}

function writeArbitrary(model: Model, site: fc.Arbitrary<number>): fc.Arbitrary<WriteCommand> {
  const list: { weight: number; arbitrary: fc.Arbitrary<WriteCommand> }[] = [];
  const hasLocales = model.locales.length > 0;
  const locale = hasLocales ? sometimes(fc.constantFrom(...LOCALES), 2) : fc.constant(undefined);
  const add = (
    weight: number,
    level: 'local' | 'adapter',
    operation: string,
    arbitrary: fc.Arbitrary<Args>,
  ): void => {
    list.push({
      weight,
      arbitrary: fc
        .tuple(site, arbitrary)
        .map(([at, value]) => ({ do: 'write', site: at, level, operation, args: value })),
    });
  };
  for (const collection of model.collections) {
    const { slug } = collection;
    const small = slug === 'users' || slug === 'media';
    const weight = small ? 1 : 4;
    const { where } = conditions(model, slug, 'local');
    const raw = conditions(model, slug, 'adapter');
    const named = { collection: fc.constant(slug) };
    const place = documentPlace(slug);
    const data = dataOf(collection.nodes, { byLocale: false, hasLocales });
    const rawData = dataOf(collection.nodes, { byLocale: true, hasLocales });
    const returned = {
      returning: sometimes(fc.constant(false), 4),
      select: sometimes(selectOf(collection.nodes), 4),
    };
    const drafts = hasDrafts(collection);
    const statusOf = (arbitrary: fc.Arbitrary<Args>): fc.Arbitrary<Args> =>
      drafts
        ? fc
            .tuple(arbitrary, fc.constantFrom(undefined, 'draft', 'published'))
            .map(([value, status]) => (status ? { ...value, _status: status } : value))
        : arbitrary;
    const trashed = (arbitrary: fc.Arbitrary<Args>): fc.Arbitrary<Args> =>
      collection.trash
        ? fc
            .tuple(
              arbitrary,
              fc.constantFrom(undefined, undefined, undefined, null, '2026-01-01T00:00:00.000Z'),
            )
            .map(([value, deletedAt]) => (deletedAt === undefined ? value : { ...value, deletedAt }))
        : arbitrary;
    const shape = {
      locale,
      depth: fc.constantFrom(0, 0, 1),
      select: sometimes(selectOf(collection.nodes), 6),
      draft: drafts ? sometimes(fc.boolean(), 1) : fc.constant(undefined),
      trash: collection.trash ? sometimes(fc.boolean(), 2) : fc.constant(undefined),
    };
    // The Local API wants an email and a password for a user.
    if (!collection.auth) {
      add(weight * 2, 'local', 'create', args({ ...named, ...shape, data: statusOf(data) }));
      add(weight, 'local', 'duplicate', args({ ...named, ...shape, id: place }));
    }
    add(
      weight * 4,
      'local',
      'update',
      args({ ...named, ...shape, id: place, data: trashed(statusOf(data)) }),
    );
    add(
      weight * 2,
      'local',
      'update',
      args({ ...named, ...shape, where, limit: sometimes(fc.constantFrom(1, 2), 3), data: statusOf(data) }),
    );
    add(weight, 'local', 'delete', args({ ...named, id: place, depth: shape.depth, trash: shape.trash }));
    if (!small) add(1, 'local', 'delete', args({ ...named, where, trash: shape.trash }));
    if (collection.versions === 'autosave')
      add(
        weight * 2,
        'local',
        'update',
        args({
          ...named,
          id: place,
          data,
          locale,
          draft: fc.constant(true),
          autosave: fc.constant(true),
          depth: fc.constant(0),
        }),
      );
    if (drafts && hasLocales)
      add(
        1,
        'local',
        'update',
        args({
          ...named,
          id: place,
          data,
          locale,
          publishSpecificLocale: fc.constantFrom(...LOCALES),
          depth: fc.constant(0),
        }),
      );
    if (drafts)
      add(
        weight,
        'local',
        'update',
        args({
          ...named,
          id: place,
          data: fc.constantFrom({ _status: 'published' }, { _status: 'draft' }),
          depth: fc.constant(0),
        }),
      );
    if (collection.versions !== 'none') {
      const version = fc.record({ $version: fc.constant(slug), n: fc.nat({ max: 9 }) });
      const versionWhere = versionConditions(model, slug).where;
      add(
        weight,
        'local',
        'restoreVersion',
        args({
          ...named,
          id: version,
          draft: drafts ? sometimes(fc.boolean(), 1) : fc.constant(undefined),
          depth: fc.constant(0),
        }),
      );
      add(
        weight,
        'adapter',
        'updateVersion',
        args({
          ...named,
          id: version,
          versionData: rawData.map((value) => ({ version: value })),
          ...returned,
          select: fc.constant(undefined),
        }),
      );
      add(1, 'adapter', 'deleteVersions', args({ ...named, where: versionWhere }));
      add(
        1,
        'adapter',
        'createVersion',
        args({
          collectionSlug: fc.constant(slug),
          parent: place,
          autosave: fc.boolean(),
          createdAt: fc.constant('2026-01-02T00:00:00.000Z'),
          updatedAt: fc.constant('2026-01-02T00:00:00.000Z'),
          versionData: rawData,
          returning: returned.returning,
        }),
      );
    }
    const writeLocale = hasLocales ? fc.constantFrom(...LOCALES) : fc.constant(undefined);
    const email = fc.nat({ max: 999_999 }).map((n) => ({ email: `${n}@example.com` }));
    const rawCreate = collection.auth
      ? fc.tuple(rawData, email).map(([one, other]) => ({ ...one, ...other }))
      : rawData;
    add(weight * 2, 'adapter', 'create', args({ ...named, data: rawCreate, ...returned }));
    add(weight * 3, 'adapter', 'updateOne', args({ ...named, id: place, data: rawData, ...returned }));
    add(
      weight * 2,
      'adapter',
      'updateOne',
      args({ ...named, where: raw.where, locale: writeLocale, data: rawData, ...returned }),
    );
    add(
      weight,
      'adapter',
      'updateMany',
      args({
        ...named,
        where: raw.where,
        locale: writeLocale,
        data: rawData,
        limit: sometimes(fc.constantFrom(1, 2), 3),
        ...returned,
      }),
    );
    add(
      weight,
      'adapter',
      'upsert',
      args({ ...named, where: raw.where, locale: writeLocale, data: rawCreate, ...returned }),
    );
    add(
      weight,
      'adapter',
      'deleteOne',
      args({
        ...named,
        where: fc.oneof(
          raw.where,
          place.map((id) => ({ id: { equals: id } })),
        ),
        ...returned,
      }),
    );
    if (!small) add(1, 'adapter', 'deleteMany', args({ ...named, where: raw.where, locale: writeLocale }));
  }
  for (const global of model.globals) {
    const slug = fc.constant(global.slug);
    const data = dataOf(global.nodes, { byLocale: false, hasLocales });
    const rawData = dataOf(global.nodes, { byLocale: true, hasLocales });
    const drafts = hasDrafts(global);
    add(
      5,
      'local',
      'updateGlobal',
      args({
        slug,
        data,
        locale,
        depth: fc.constantFrom(0, 1),
        draft: drafts ? sometimes(fc.boolean(), 1) : fc.constant(undefined),
      }),
    );
    if (drafts)
      add(
        2,
        'local',
        'updateGlobal',
        args({ slug, data: data.map((value) => ({ ...value, _status: 'published' })), locale }),
      );
    add(
      4,
      'adapter',
      'updateGlobal',
      args({ slug, data: rawData, returning: sometimes(fc.constant(false), 3) }),
    );
    if (global.versions !== 'none') {
      const version = fc.record({ $version: fc.constant(`@${global.slug}`), n: fc.nat({ max: 9 }) });
      add(3, 'local', 'restoreGlobalVersion', args({ slug, id: version, depth: fc.constant(0) }));
      add(
        2,
        'adapter',
        'updateGlobalVersion',
        args({
          global: slug,
          id: version,
          versionData: rawData.map((value) => ({ version: value })),
          returning: sometimes(fc.constant(false), 3),
        }),
      );
      add(
        1,
        'adapter',
        'deleteVersions',
        args({
          globalSlug: slug,
          where: fc.constantFrom<Args>({ latest: { equals: true } }, { 'version.title': { equals: 'a' } }),
        }),
      );
    }
  }
  return fc.oneof(...list);
}

/** Commands that every run begins with, so that there is something to read: documents, then relations among them. */
export function firstDocuments(model: Model, seed: number): WriteCommand[] {
  const hasLocales = model.locales.length > 0;
  const command = (operation: string, args: Args): WriteCommand => ({
    do: 'write',
    site: 0,
    level: 'adapter',
    operation,
    args,
  });
  const documents = model.collections.flatMap(({ slug, nodes, auth }, index) =>
    fc
      .sample(dataOf(nodes, { byLocale: true, hasLocales }), {
        seed: seed + index,
        numRuns: slug === 'users' || slug === 'media' ? 2 : 3,
      })
      .map((data, n) => ({
        collection: slug,
        n,
        data: { ...data, ...(auth ? { email: `${n}@example.com` } : {}) },
      })),
  );
  return [
    ...documents.map(({ collection, data }) => command('create', { collection, data })),
    ...documents.map(({ collection, n, data }) =>
      command('updateOne', { collection, id: { $document: collection, n }, data }),
    ),
  ];
}
