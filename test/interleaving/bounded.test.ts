import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { settleCache } from '../../src/runtime/index.js';
import { BACKENDS } from './backends.js';
import { expectEverywhere, isReader, type Pair, read, rename, type Site, startPair } from './sites.js';

/** For how long a site need not ask for versions, in seconds. */
const BOUND = 60;

const asked = BACKENDS.filter(({ name }) => name !== 'memory');

describe.each(asked.map((backend) => [backend.name, backend] as const))(
  'versions remembered, of the %s registry',
  (_name, backend) => {
    describe.skipIf(backend.missing)(`${backend.missing ?? 'two sites'}`, () => {
      const bound = Math.max(BOUND, backend.bound);
      let pair: Pair;
      let site: Site;
      let other: Site;
      let names = 0;
      const newName = (): string => `name-${++names}`;

      beforeAll(async () => {
        pair = await startPair(backend, 'sqlite', { bounded: BOUND });
        [site, other] = pair.sites;
      });
      afterAll(() => pair?.stop());
      afterEach(() => {
        for (const { gates } of pair.sites) gates.openAll();
      });

      /** Both sites have an entry, and must ask for its versions again. */
      async function warm(): Promise<void> {
        const name = newName();
        await rename(site, pair.id, name);
        await expectEverywhere(pair, { bound }, name);
        pair.clock.advance(bound);
      }

      test('a write of this site while its reader asks for versions is seen by the next reader', async () => {
        await warm();
        const gate = site.gates.hold('after lookup');
        const reading = read(site);
        await gate.reached;
        const name = newName();
        await rename(site, pair.id, name);
        gate.open();
        await reading;
        expect(await read(site)).toBe(name);
        await expectEverywhere(pair, { bound }, name);
      });

      test('a write of this site while its reader is at the database is seen by the next reader', async () => {
        await rename(site, pair.id, newName());
        const gate = site.gates.hold('after find', isReader());
        const reading = read(site);
        await gate.reached;
        const name = newName();
        await rename(site, pair.id, name);
        expect(await read(site)).toBe(name);
        gate.open();
        await reading;
        await settleCache(site.payload);
        expect(await read(site)).toBe(name);
        await expectEverywhere(pair, { bound }, name);
      });

      test('a write of another site is seen within the bound, and one of this site at once', async () => {
        await warm();
        await read(site);
        const theirs = newName();
        await rename(other, pair.id, theirs);
        expect(await read(other)).toBe(theirs);
        pair.clock.advance(bound);
        expect(await read(site)).toBe(theirs);
        const ours = newName();
        await rename(site, pair.id, ours);
        expect(await read(site)).toBe(ours);
        await expectEverywhere(pair, { bound }, ours);
      });
    });
  },
);
