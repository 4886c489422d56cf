import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { settleCache } from '../../src/runtime/index.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { BACKENDS } from './backends.js';
import {
  type Database,
  expectEverywhere,
  isReader,
  type Pair,
  read,
  rename,
  type Site,
  startPair,
} from './sites.js';

/** PostgreSQL has transactions that really run at the same time. */
const ON_POSTGRES = BACKENDS.filter(({ name }) => name === 'memory' || name === 'database');
const CASES = [
  ...BACKENDS.map((backend) => [backend.name, 'SQLite', backend] as const),
  ...ON_POSTGRES.map((backend) => [backend.name, 'PostgreSQL', backend] as const),
];

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

describe.each(CASES)('transactions interleaved with the %s registry on %s', (_name, database, backend) => {
  describe.skipIf(backend.missing)(`${backend.missing ?? 'two sites'}`, () => {
    let pair: Pair;
    let site: Site;
    let other: Site;
    let names = 0;
    let current = 'first';
    const newName = (): string => `name-${++names}`;

    beforeAll(async () => {
      const on = database === 'SQLite' ? 'sqlite-transactions' : await postgres.createDatabase();
      pair = await startPair(backend, on as Database);
      [site, other] = pair.sites;
    });
    afterAll(() => pair?.stop());
    afterEach(() => {
      for (const { gates } of pair.sites) gates.openAll();
    });

    /** Lets the next lookups miss: a hit would reach no gate. */
    async function cool(): Promise<void> {
      current = newName();
      await rename(site, pair.id, current);
      pair.clock.advance(backend.bound);
    }

    /** Begins a transaction in which the author has another name. */
    async function begin(name: string): Promise<{ req: { transactionID: string } }> {
      const req = { transactionID: String(await site.payload.db.beginTransaction()) };
      await site.payload.update({ collection: 'authors', id: pair.id, data: { name }, req });
      return { req };
    }

    async function readInside({ transactionID }: { transactionID: string }): Promise<unknown> {
      // Another request of the transaction, which no write operation has marked.
      const req = { transactionID };
      const { docs } = await site.payload.find({ collection: 'authors', limit: 77, depth: 0, req });
      return docs[0]?.name;
    }

    /** Whether both sites answer without their database. */
    async function expectHits(): Promise<void> {
      for (const each of pair.sites) {
        each.calls.reset();
        await read(each);
        expect(each.calls.total()).toBe(0);
      }
    }

    test('what is read inside one that is rolled back reaches nobody, and evicts nothing', async () => {
      await cool();
      await expectEverywhere(pair, backend, current);
      const name = newName();
      const { req } = await begin(name);
      expect(await readInside(req)).toBe(name);
      for (const each of pair.sites) expect(await read(each)).toBe(current);
      const gate = site.gates.hold('before rollbackTransaction');
      const ending = site.payload.db.rollbackTransaction(req.transactionID);
      await gate.reached;
      for (const each of pair.sites) expect(await read(each)).toBe(current);
      gate.open();
      await ending;
      await expectHits();
      await expectEverywhere(pair, backend, current);
    });

    test('what is read inside one without an entry outside reaches nobody after its rollback', async () => {
      await cool();
      const { req } = await begin(newName());
      await readInside(req);
      await readInside(req);
      await settleCache(site.payload);
      await site.payload.db.rollbackTransaction(req.transactionID);
      await expectEverywhere(pair, backend, current);
    });

    test('an operation that a hook of the user fails after it has written leaves nothing behind', async () => {
      await cool();
      const gate = site.gates.hold('after updateOne');
      const writing = rename(site, pair.id, newName());
      await gate.reached;
      for (const each of pair.sites) expect(await read(each)).toBe(current);
      gate.fail(new Error('a hook said no'));
      await expect(writing).rejects.toThrow('a hook said no');
      await expectEverywhere(pair, backend, current);
    });

    test('what is read inside one that commits is seen outside when it has', async () => {
      await cool();
      const name = newName();
      const { req } = await begin(name);
      expect(await readInside(req)).toBe(name);
      for (const each of pair.sites) expect(await read(each)).toBe(current);
      await site.payload.db.commitTransaction(req.transactionID);
      expect(await read(site)).toBe(name);
      await expectEverywhere(pair, backend, name);
    });

    // With the `database` registry the replacement comes before the commit, with the others after it.
    test.each([
      'before commitTransaction',
      'after commitTransaction',
      'before replace',
      'after replace',
    ] as const)('readers that read and store %s make nothing stale last', async (place) => {
      await cool();
      const name = newName();
      const { req } = await begin(name);
      // One that has read before, and stores after all of it.
      const late = other.gates.hold('after find', isReader(78));
      const reading = read(other, 78);
      await late.reached;
      const gate = site.gates.hold(place);
      const committing = site.payload.db.commitTransaction(req.transactionID);
      await gate.reached;
      for (const each of pair.sites) expect([current, name]).toContain(await read(each));
      await Promise.all(pair.sites.map((each) => settleCache(each.payload, 500)));
      gate.open();
      await committing;
      expect(await read(site)).toBe(name);
      late.open();
      await reading;
      await expectEverywhere(pair, backend, name);
    });

    // What does not apply is not declared: a skipped test would look like a gap.
    if (backend.name !== 'memory') {
      test('a reader that asked for versions before the commit, and reads between replacement and commit', async () => {
        await cool();
        const name = newName();
        const { req } = await begin(name);
        const lookup = site.gates.hold('after lookup');
        const reading = read(site);
        await lookup.reached;
        const gate = site.gates.hold('before commitTransaction');
        const committing = site.payload.db.commitTransaction(req.transactionID);
        await gate.reached;
        lookup.open();
        expect(await reading).toBe(current);
        await settleCache(site.payload, 500);
        gate.open();
        await committing;
        expect(await read(site)).toBe(name);
        await expectEverywhere(pair, backend, name);
      });
    }

    test.each([
      ['of this site', () => site],
      ['of another site', () => other],
    ] as const)('a second writer %s between a commit and what follows it', async (_who, second) => {
      await cool();
      const { req } = await begin(newName());
      const gate = site.gates.hold('after commitTransaction');
      const committing = site.payload.db.commitTransaction(req.transactionID);
      await gate.reached;
      const name = newName();
      await rename(second(), pair.id, name);
      for (const each of pair.sites) await read(each);
      gate.open();
      await committing;
      expect(await read(site)).toBe(name);
      await expectEverywhere(pair, backend, name);
    });

    if (database === 'PostgreSQL') {
      test('two transactions that are both open when they come to their replacements', async () => {
        await cool();
        await expectEverywhere(pair, backend, current);
        const second = await other.payload.create({ collection: 'authors', data: { name: 'second' } });
        const name = newName();
        const { req } = await begin(name);
        const theirs = { transactionID: String(await other.payload.db.beginTransaction()) };
        await other.payload.update({
          collection: 'authors',
          id: second.id,
          data: { name: 'second, renamed' },
          req: theirs,
        });
        // The first has new versions, which nobody sees, and holds their rows until it has committed.
        const gate = site.gates.hold('before commitTransaction');
        const committing = site.payload.db.commitTransaction(req.transactionID);
        await gate.reached;
        const committingToo = other.payload.db.commitTransaction(theirs.transactionID);
        for (const each of pair.sites) expect(await read(each)).toBe(current);
        gate.open();
        await Promise.all([committing, committingToo]);
        for (const each of pair.sites) {
          const { docs } = await each.payload.find({ collection: 'authors', sort: 'id', depth: 0 });
          expect(docs.map((doc) => doc.name)).toEqual([name, 'second, renamed']);
        }
        await other.payload.delete({ collection: 'authors', id: second.id });
        await expectEverywhere(pair, backend, name);
      });
    }

    test.each(['before find', 'after find'] as const)('a commit while a reader is held %s', async (place) => {
      await cool();
      const name = newName();
      const { req } = await begin(name);
      const gates = pair.sites.map(({ gates }) => gates.hold(place, isReader()));
      const reading = pair.sites.map((each) => read(each));
      for (const { reached } of gates) await reached;
      await site.payload.db.commitTransaction(req.transactionID);
      for (const { open } of gates) open();
      await Promise.all(reading);
      await expectEverywhere(pair, backend, name);
    });
  });
});
