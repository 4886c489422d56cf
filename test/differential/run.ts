import type { Payload } from 'payload';
import { onClock } from './clocks.js';
import type {
  Args,
  Command,
  DirectedRead,
  DocumentPlace,
  ExpiryCommand,
  ReadCommand,
  SharingCommand,
  TogetherCommand,
  TransactionCommand,
  VersionPlace,
  WriteCommand,
} from './command.js';
import { type Answer, answerOf, firstDifference, sameAnswer, show, spoil } from './differences.js';
import { callFunction } from './functions.js';
import type { Adapter, Site } from './sites.js';

/** Payload instances over one database. */
export interface World {
  /** Through the cache. */
  sites: Site[];
  /** They share the registry and cache nothing themselves: scripts, that write. */
  writers?: Site[];
  /** Without one. */
  uncached: Site;
  /** A site on a database of its own that has the store in common with the others. Nothing is written there. */
  elsewhere?: Site;
  /** Makes every entry of every site stale, after a change that the cache was not told. */
  invalidate(): Promise<void>;
  /** Lets as much time pass as an entry may be served for. */
  expire(): void;
  /** Hits of all sites since they started. */
  hits(): number;
  /**
   * Waits for what is done in the background, where it would never have its turn otherwise: SQLite answers at once, and
   * a run leaves the event loop none for compression.
   */
  settled?(): Promise<void>;
}

/** What a run did. */
export interface Tally {
  /** Commands, those inside transactions included. */
  steps: number;
  /** Writes that the database took. */
  written: number;
  /** Writes that it refused. */
  refused: number;
  /** Comparisons of a read that had been made before, after a write. */
  replays: number;
  /** Comparisons that ended in the same error on both sides. */
  errors: number;
  /** Why reads and writes ended in an error, and how often. */
  reasons: Map<string, number>;
}

/** A tally of nothing. */
export const emptyTally = (): Tally => ({
  steps: 0,
  written: 0,
  refused: 0,
  replays: 0,
  errors: 0,
  reasons: new Map(),
});

/** A read whose answer through the cache is not the database's. */
export class Difference extends Error {
  override readonly name = 'Difference';
}

class NeverEnds extends Error {
  override readonly name = 'NeverEnds';
}

interface Remembered {
  command: ReadCommand;
  args: Args;
}

export interface RunOptions {
  /** Latest distinct reads to be made again after each write: at the adapter, and through the Local API. */
  remembered: { adapter: number; local: number; function?: number };
  writesBesideTransaction: boolean;
  /** Whether a transaction takes nothing more after a statement that failed, as on PostgreSQL. */
  failureAborts?: boolean;
}

/** Runs commands one after another, and compares. */
export async function run(
  commands: readonly Command[],
  world: World,
  options: RunOptions,
  tally: Tally,
): Promise<void> {
  const log: string[] = [];
  const remembered = {
    adapter: new Map<string, Remembered>(),
    local: new Map<string, Remembered>(),
    function: new Map<string, Remembered>(),
  };
  let ids = new Map<string, (string | number)[]>();
  let replays = 0;
  let isAborted = false;

  const writing = [...world.sites, ...(world.writers ?? [])];
  const siteAt = (index: number): Site => world.sites[index % world.sites.length] as Site;
  const writerAt = (index: number): Site => writing[index % writing.length] as Site;

  // --- Places become ids ---

  async function idsOf(name: string, versions: boolean): Promise<(string | number)[]> {
    const key = `${versions ? 'version ' : ''}${name}`;
    let known = ids.get(key);
    if (!known) {
      const { base } = world.uncached;
      const common = { limit: 0, pagination: false, sort: versions ? '-id' : 'id' };
      const found = !versions
        ? await base.find({ ...common, collection: name, joins: false, select: { title: true } })
        : name.startsWith('@')
          ? await base.findGlobalVersions({ ...common, global: name.slice(1) as never })
          : await base.findVersions({ ...common, collection: name });
      known = (found.docs as { id: string | number }[]).map(({ id }) => id);
      ids.set(key, known);
    }
    return known;
  }

  async function placed(value: unknown): Promise<unknown> {
    if (Array.isArray(value)) {
      const items = await Promise.all(value.map(placed));
      return items.filter((item, index) => item !== undefined || value[index] === undefined);
    }
    if (typeof value !== 'object' || value === null) return value;
    if ('$document' in value || '$version' in value) {
      const { $document, $version, n, mustBeThere } = value as Partial<DocumentPlace & VersionPlace> & {
        n: number;
      };
      const isVersion = $version !== undefined;
      const name = (isVersion ? $version : $document) as string;
      const known = await idsOf(name, isVersion);
      if (mustBeThere) return known.length > 0 ? known[n % known.length] : undefined;
      const last = known.length > 0 ? Number(isVersion ? known[0] : known[known.length - 1]) : 0;
      // The one after the last is the id that the next document will have.
      return known[n % (known.length + 1)] ?? last + 1;
    }
    const entries = await Promise.all(
      Object.entries(value).map(async ([name, each]) => [name, await placed(each)] as const),
    );
    const present = entries.filter(([, each]) => each !== undefined);
    if (present.length < entries.length && 'relationTo' in value) return undefined;
    return Object.fromEntries(present);
  }

  // --- Calls ---

  /** Calls an operation with arguments of its own, since Payload changes them in place. */
  function call(
    target: { payload: Payload; adapter: Adapter; ahead?: number | undefined; isCached?: boolean },
    command: Pick<ReadCommand, 'level' | 'operation'>,
    args: Args,
    req?: Args,
  ): Promise<unknown> {
    const own = { ...structuredClone(args), ...(req ? { req } : {}) };
    if (command.level === 'function') {
      const within: Parameters<typeof callFunction>[1] = (...read) => call({ ...target, ahead: 0 }, ...read);
      return onClock(target.ahead ?? 0, () =>
        patiently(callFunction(own, within, target.isCached ? target.payload : undefined)),
      );
    }
    const on = (command.level === 'local' ? target.payload : target.adapter) as unknown as Record<
      string,
      (args: Args) => Promise<unknown>
    >;
    const method = on[command.operation] as (args: Args) => Promise<unknown>;
    // The adapter destructures its request.
    return onClock(target.ahead ?? 0, () =>
      patiently(
        method.call(on, command.level === 'adapter' ? { req: { locale: args.locale }, ...own } : own),
      ),
    );
  }

  function because(what: string, { level, operation }: ReadCommand | WriteCommand, message: string): void {
    const reason = `${what}, ${level} ${operation}: ${message.slice(0, 100)}`;
    tally.reasons.set(reason, (tally.reasons.get(reason) ?? 0) + 1);
  }

  const throughCache = (command: ReadCommand, args: Args, site: Site, req?: Args): Promise<Answer> =>
    answerOf(() => call(cachedOf(site), command, args, req));

  const cachedOf = ({ payload, ahead }: Site) => ({ payload, adapter: payload.db, ahead, isCached: true });

  /** The database's own answer, from the Payload without a cache, or from the adapter below the cache. */
  async function fromDatabase(command: ReadCommand, args: Args, site: Site, req?: Args): Promise<Answer> {
    if (!req)
      return answerOf(() => call({ payload: world.uncached.payload, adapter: site.base }, command, args));
    // Only this instance sees the inside of its transaction.
    return withoutCache(command, args, site, req);
  }

  /** A site's answer with the bare adapter in the place of the wrapped one. */
  async function withoutCache(command: ReadCommand, args: Args, site: Site, req?: Args): Promise<Answer> {
    const { payload, base } = site;
    const wrapped = payload.db;
    payload.db = base as never;
    try {
      return await answerOf(() => call({ payload, adapter: base }, command, args, req));
    } finally {
      payload.db = wrapped;
    }
  }

  function fail(title: string, command: ReadCommand, args: Args, through: Answer, database: Answer): never {
    throw new Difference(
      [
        `${title}: ${describe(command, args)}`,
        `  the cache (first) and the database (second) differ: ${firstDifference(through, database)}`,
        `  the first: ${show(through, 600)}`,
        `  the second: ${show(database, 600)}`,
        'after:',
        ...log.slice(-25).map((line) => `  ${line}`),
      ].join('\n'),
    );
  }

  const describe = (command: Pick<ReadCommand, 'site' | 'level' | 'operation'>, args: Args): string =>
    `${command.level === 'adapter' ? 'payload.db' : 'payload'}${command.site + 1}.${command.operation}(${show(args, 1_500)})`;

  async function compare(
    title: string,
    command: ReadCommand,
    args: Args,
    site: Site,
    req?: Args,
  ): Promise<void> {
    const first = await throughCache(command, args, site, req);
    const database = await fromDatabase(command, args, site, req);
    // A Local API operation that fails ends the transaction it was given: the other side was asked outside it.
    const isOver = req !== undefined && !((req.transactionID as string) in (site.payload.db.sessions ?? {}));
    isAborted = req !== undefined && 'error' in first && ('error' in database || isOver);
    if (isAborted) return;
    if (!sameAnswer(first, database)) fail(title, command, args, first, database);
    if ('error' in first) {
      // That there is no such document is an answer.
      if (first.error.status === 404) return;
      because(title, command, first.error.message);
      tally.errors += 1;
      return;
    }
    spoil(first.value);
    if (title !== 'read') return;
    await world.settled?.();
    const { order } = command;
    const again = order === undefined ? args : (inAnotherOrder(args, order) as Args);
    // The order may be part of the question: then the database has an answer of its own.
    const answer = order === undefined ? database : await fromDatabase(command, again, site, req);
    const second = await throughCache(command, again, site, req);
    if (sameAnswer(second, answer)) return;
    const how = order === undefined ? '' : ', its properties in another order,';
    fail(`read again${how} after its first result was changed in place`, command, again, second, answer);
  }

  /** Asks the site of another database the same. */
  async function compareElsewhere(command: ReadCommand, args: Args, site: Site): Promise<void> {
    const through = await throughCache(command, args, site);
    const database = await withoutCache(command, args, site);
    if (!sameAnswer(through, database))
      fail('asked of another database on the same store', command, args, through, database);
  }

  // --- Commands ---

  async function read(command: ReadCommand): Promise<void> {
    const args = (await placed(command.args)) as Args;
    log.push(describe(command, args));
    await compare('read', command, args, siteAt(command.site));
    if (command.isElsewhereToo && world.elsewhere) await compareElsewhere(command, args, world.elsewhere);
    // Once is enough of what takes the database long.
    if (command.isLong) return;
    const ring = remembered[command.level];
    const name = JSON.stringify([command.operation, args]);
    ring.delete(name);
    ring.set(name, { command, args });
    const oldest = ring.keys().next();
    if (ring.size > (options.remembered[command.level] ?? 0) && !oldest.done) ring.delete(oldest.value);
  }

  /** Whether the database took it. */
  async function write(command: WriteCommand, req?: Args): Promise<boolean> {
    const args = (await placed(command.args)) as Args;
    const site = writerAt(command.site);
    const hitsBefore = world.hits();
    const answer = await answerOf(() => call(cachedOf(site), command, args, req));
    const isRefused = 'error' in answer;
    if (isRefused) because('write', command, answer.error.message);
    if (isRefused) tally.refused += 1;
    else tally.written += 1;
    ids = new Map();
    log.push(`${describe(command, args)}${isRefused ? ` threw ${answer.error.message.slice(0, 160)}` : ''}`);
    if (world.hits() !== hitsBefore)
      throw new Difference(
        `a write operation read from the cache: ${describe(command, args)}\nafter:\n${log.slice(-10).join('\n')}`,
      );
    return !isRefused;
  }

  async function replayAll(): Promise<void> {
    for (const ring of Object.values(remembered)) {
      for (const { command, args } of ring.values()) {
        replays += 1;
        tally.replays += 1;
        await compare('replayed', command, args, siteAt(command.site + (replays % 2)));
      }
    }
  }

  async function together({ commands }: TogetherCommand): Promise<void> {
    const prepared = await Promise.all(
      commands.map(async (command) => ({ command, args: (await placed(command.args)) as Args })),
    );
    log.push('at the same time:');
    for (const { command, args } of prepared) log.push(`  ${describe(command, args)}`);
    tally.steps += prepared.length - 1;
    await Promise.all(
      prepared.map(({ command, args }) => {
        const site = command.do === 'write' ? writerAt(command.site) : siteAt(command.site);
        return answerOf(() => call(cachedOf(site), command, args));
      }),
    );
    ids = new Map();
    for (const { command, args } of prepared)
      if (command.do === 'read')
        await compare('read after a write at the same time', command, args, siteAt(command.site));
    await replayAll();
  }

  /** What the cache is not told. */
  async function changeUnseen(command: WriteCommand): Promise<void> {
    const args = (await placed(command.args)) as Args;
    const { payload, base } = world.uncached;
    const answer = await answerOf(() => call({ payload, adapter: base }, command, args));
    if ('error' in answer) tally.refused += 1;
    else tally.written += 1;
    ids = new Map();
    log.push(`below the cache: ${describe(command, args)}${'error' in answer ? ' threw' : ''}`);
  }

  async function sharing(command: SharingCommand): Promise<void> {
    const site = siteAt(command.site);
    const { unseen, write: between } = command;
    const prepared = await Promise.all(
      command.reads.map(async (read) => ({ read, args: (await placed(read.args)) as Args })),
    );
    tally.steps += prepared.length - 1;
    // Only what is in the cache already can be served from it against its caller's wish.
    for (const { read, args } of prepared) await throughCache(read, args, site);
    await world.settled?.();
    if (unseen) await changeUnseen(unseen);
    const truths = between
      ? undefined
      : await Promise.all(prepared.map(({ read, args }) => fromDatabase(read, args, site)));
    log.push('with one request, at the same time:');
    for (const { read, args } of prepared)
      log.push(`  ${describe({ ...read, site: command.site }, args)} with ${show(read.directive)}`);
    const req: Args = {};
    const asked = prepared.map(
      ({ read, args }) =>
        () =>
          answerDirected(read, args, site, req),
    );
    if (between) {
      const args = (await placed(between.args)) as Args;
      log.push(`  ${describe(between, args)}`);
      const shared = between.level === 'local' ? req : undefined;
      asked.splice(1, 0, async () => {
        const answer = await answerOf(() => call(cachedOf(site), between, args, shared));
        if ('error' in answer) tally.refused += 1;
        else tally.written += 1;
        return { answer, isMiss: false };
      });
    }
    const answers = await Promise.all(asked.map((ask) => ask()));
    ids = new Map();
    if (between) answers.splice(1, 1);
    for (const [index, { read, args }] of prepared.entries()) {
      const { answer, isMiss } = answers[index] as (typeof answers)[number];
      const truth = truths?.[index] ?? answer;
      const mayMiss = read.directive === 'only';
      if (isMiss && !mayMiss) fail('a miss, which only another asked for', read, args, answer, truth);
      if (isMiss || sameAnswer(answer, truth)) continue;
      const isOfDatabase = read.directive === 'bypass' || read.directive === 'refresh';
      // Relations of it, which are read for themselves, may be from the cache.
      const isAllOfIt = read.args.collection === unseen?.args.collection;
      if (!unseen || (isOfDatabase && isAllOfIt))
        fail(`with ${show(read.directive)}, beside others on its request`, read, args, answer, truth);
    }
    if (unseen) await world.invalidate();
    for (const { read, args } of prepared)
      await compare('read after others on one request', { ...read, site: command.site }, args, site);
    if (between) await replayAll();
  }

  /** A read with what its caller asks of the cache, and whether it ended in a miss. */
  async function answerDirected(
    { directive, ...command }: DirectedRead,
    args: Args,
    site: Site,
    req: Args,
  ): Promise<{ answer: Answer; isMiss: boolean }> {
    let isMiss = false;
    const own = directive === undefined ? args : { ...args, context: { cache: directive } };
    const answer = await answerOf(() =>
      call(cachedOf(site), command, own, req).catch((error: { code?: unknown }) => {
        isMiss = error.code === 'CACHE_MISS';
        throw error;
      }),
    );
    return { answer, isMiss };
  }

  async function expiry({ site: first, unseen }: ExpiryCommand): Promise<void> {
    const latest = Object.values(remembered).flatMap((ring) => [...ring.values()]);
    const readers = world.sites.map((_site, n) => siteAt(first + n));
    // One site fills, and the others find it there.
    await world.invalidate();
    for (const site of readers)
      for (const { command, args } of latest) await throughCache(command, args, site);
    for (const change of unseen) await changeUnseen(change);
    await world.settled?.();
    world.expire();
    log.push('as much time passes as an entry may be served for');
    for (const site of readers)
      for (const { command, args } of latest) {
        tally.replays += 1;
        const at = { ...command, site: world.sites.indexOf(site) };
        await compare('read when no entry may be served any more', at, args, site);
      }
    await world.invalidate();
  }

  async function transaction(command: TransactionCommand): Promise<void> {
    const site = siteAt(command.site);
    const { db } = site.payload;
    const transactionID = await db.beginTransaction();
    log.push(`transaction of ${command.site + 1} begins`);
    const req = (): Args => ({ transactionID });
    const outside = [...command.outside];
    let isOver = false;
    try {
      for (const inner of command.inside) {
        tally.steps += 1;
        if (inner.do === 'write') {
          const isTaken = await write({ ...inner, site: command.site }, req());
          // An operation that fails ends the transaction it was given.
          isOver = !(db.sessions && (transactionID as string) in db.sessions);
          if (isOver || (!isTaken && options.failureAborts)) break;
        } else {
          const args = (await placed(inner.args)) as Args;
          log.push(`  inside: ${describe({ ...inner, site: command.site }, args)}`);
          await compare('read inside a transaction', inner, args, site, req());
          if (isAborted) break;
        }
        const other = outside.shift();
        if (other) {
          tally.steps += 1;
          await read(other);
        }
      }
      if (options.writesBesideTransaction) await replayAll();
    } finally {
      if (command.end === 'commit') await db.commitTransaction(transactionID as string);
      else await db.rollbackTransaction(transactionID as string);
      log.push(`transaction ends: ${isOver ? 'by a failed write' : command.end}`);
      ids = new Map();
    }
    await replayAll();
  }

  for (const command of commands) {
    switch (command.do) {
      case 'read':
        tally.steps += 1;
        await read(command);
        break;
      case 'write':
        tally.steps += 1;
        await write(command);
        await replayAll();
        break;
      case 'transaction':
        await transaction(command);
        break;
      case 'together':
        tally.steps += 1;
        await together(command);
        break;
      case 'sharing':
        tally.steps += 1;
        await sharing(command);
        break;
      case 'expiry':
        tally.steps += 1;
        await expiry(command);
        break;
    }
  }
}

/** A value with the properties of every object in it in another order, the same for the same number. */
function inAnotherOrder(value: unknown, order: number): unknown {
  if (Array.isArray(value)) return value.map((item) => inAnotherOrder(item, order));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) => [name, inAnotherOrder(each, order)]);
  // Backwards, and then turned by some places: of two every order is as likely.
  const turned = order % Math.max(1, entries.length);
  const backwards = entries.reverse();
  return Object.fromEntries([...backwards.slice(turned), ...backwards.slice(0, turned)]);
}

/** How long a call may take, in milliseconds: one that never comes back is a fault like any other. */
const PATIENCE = 60_000;

async function patiently<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NeverEnds(`not done after ${PATIENCE / 1000} seconds`)), PATIENCE);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
