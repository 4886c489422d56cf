import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { settleCache } from '../../src/runtime/index.js';
import { BACKENDS } from './backends.js';
import { expectEverywhere, isReader, type Pair, read, rename, type Site, startPair } from './sites.js';

describe.each(BACKENDS.map((backend) => [backend.name, backend] as const))(
  'interleaved with the %s registry',
  (_name, backend) => {
    describe.skipIf(backend.missing)(`${backend.missing ?? 'two sites'}`, () => {
      let pair: Pair;
      let site: Site;
      let other: Site;
      let names = 0;
      const newName = (): string => `name-${++names}`;

      beforeAll(async () => {
        pair = await startPair(backend);
        [site, other] = pair.sites;
      });
      afterAll(() => pair?.stop());
      afterEach(() => {
        for (const { gates } of pair.sites) gates.openAll();
      });

      /** Lets the reader's next lookup miss: a hit would reach no gate. */
      async function cool(): Promise<void> {
        const name = newName();
        await rename(site, pair.id, name);
        pair.clock.advance(backend.bound);
      }

      /** Holds a read of the site at a place of its way, and lets somebody write meanwhile. */
      async function writeDuringRead(at: 'before find' | 'after find', writer: Site) {
        await cool();
        const gate = site.gates.hold(at, isReader());
        const reading = read(site);
        await gate.reached;
        const name = newName();
        await rename(writer, pair.id, name);
        const goOn = (): Promise<unknown> => {
          gate.open();
          return reading;
        };
        return { name, goOn };
      }

      test('a hit needs no query, so that the tests below are of a cache', async () => {
        await read(site);
        await settleCache(site.payload);
        site.calls.reset();
        await read(site);
        expect(site.calls.total()).toBe(0);
      });

      describe.each([
        ['this site', () => site],
        ['another site', () => other],
      ] as const)('a write of %s', (_who, writer) => {
        test('between the version read and the database read of a reader', async () => {
          const { name, goOn } = await writeDuringRead('before find', writer());
          expect(await goOn()).toBe(name);
          await expectEverywhere(pair, backend, name);
        });

        test('between the database read and the fill of a reader', async () => {
          const { name, goOn } = await writeDuringRead('after find', writer());
          // It began before the write, and may answer with what was there.
          await goOn();
          await expectEverywhere(pair, backend, name);
        });

        test('between the database read and the fill, with the new answer stored before the old', async () => {
          const { name, goOn } = await writeDuringRead('after find', writer());
          pair.clock.advance(backend.bound);
          await expectEverywhere(pair, backend, name);
          await goOn();
          await expectEverywhere(pair, backend, name);
        });

        test('after which a new reader does not share the query of one from before', async () => {
          const { name, goOn } = await writeDuringRead('after find', writer());
          pair.clock.advance(backend.bound);
          expect(await read(site)).toBe(name);
          await goOn();
          await expectEverywhere(pair, backend, name);
        });

        test('that has written and not yet replaced, while readers read and store', async () => {
          await cool();
          await expectEverywhere(pair, backend, `name-${names}`);
          const name = newName();
          const gate = writer().gates.hold('before replace');
          const writing = rename(writer(), pair.id, name);
          await gate.reached;
          // They may see either, since the write is not done; what they store may not outlive it.
          for (const each of pair.sites) expect([name, `name-${names - 1}`]).toContain(await read(each));
          await Promise.all(pair.sites.map((each) => settleCache(each.payload, 500)));
          gate.open();
          await writing;
          expect(await read(writer())).toBe(name);
          await expectEverywhere(pair, backend, name);
        });

        test('that has replaced and does not know it yet, while readers read and store', async () => {
          await cool();
          const name = newName();
          const gate = writer().gates.hold('after replace');
          const writing = rename(writer(), pair.id, name);
          await gate.reached;
          for (const each of pair.sites) await read(each);
          gate.open();
          await writing;
          expect(await read(writer())).toBe(name);
          await expectEverywhere(pair, backend, name);
        });
      });

      describe.each([
        ['of this site', () => site],
        ['of two sites', () => other],
      ] as const)('two writers %s', (_who, second) => {
        test.each(['the first', 'the second'])(
          'that both wrote before either replaced: %s replaces first',
          async (which) => {
            await cool();
            await expectEverywhere(pair, backend, `name-${names}`);
            const gates = [site.gates.hold('before replace'), second().gates.hold('before replace')];
            const writing = rename(site, pair.id, newName());
            await gates[0]?.reached;
            const name = newName();
            const writingToo = rename(second(), pair.id, name);
            await gates[1]?.reached;
            const order = which === 'the first' ? [0, 1] : [1, 0];
            const all = [writing, writingToo];
            for (const index of order) {
              await read(site);
              await read(other);
              gates[index]?.open();
              await all[index];
              // What the earlier write's reader stores, the later replacement makes stale.
              await read(site);
              await read(other);
            }
            await expectEverywhere(pair, backend, name);
          },
        );

        test('of which the first is held before the database, and writes last', async () => {
          await cool();
          const name = newName();
          const gate = site.gates.hold('before updateOne');
          const writing = rename(site, pair.id, name);
          await gate.reached;
          await rename(second(), pair.id, newName());
          pair.clock.advance(backend.bound);
          await read(site);
          await read(other);
          gate.open();
          await writing;
          expect(await read(site)).toBe(name);
          await expectEverywhere(pair, backend, name);
        });
      });

      test('a write that fails after it has written makes stale what it changed', async () => {
        await cool();
        await expectEverywhere(pair, backend, `name-${names}`);
        const name = newName();
        const gate = site.gates.hold('after updateOne');
        const writing = rename(site, pair.id, name);
        await gate.reached;
        for (const each of pair.sites) await read(each);
        gate.fail(new Error('the connection is gone'));
        await expect(writing).rejects.toThrow('the connection is gone');
        expect(await read(site)).toBe(name);
        await expectEverywhere(pair, backend, name);
      });
    });
  },
);
