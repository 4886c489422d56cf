import type { Registry, Store } from '../../src/runtime/index.js';
import type { Adapter } from '../support/payload.js';

/** A call that is held until its gate is opened. */
export interface Gate {
  /** Resolves when the call has come to the gate. */
  reached: Promise<void>;
  open(): void;
  /** Opens it, and lets the call fail. */
  fail(error: Error): void;
}

/**
 * Where a call can be held: before it does its work, or after, with its answer in hand. `lookup` is the call that brings
 * versions; there is none where they are in this process.
 */
export type Place = `${'before' | 'after'} ${Held | 'lookup' | 'replace'}`;

const METHODS = [
  'find',
  'create',
  'updateOne',
  'deleteOne',
  'commitTransaction',
  'rollbackTransaction',
] as const;
type Held = (typeof METHODS)[number];

/** Holds calls of one site's database adapter and registry at chosen moments. */
export interface Gates {
  /** Holds the next call that comes to the place with such an argument. */
  hold(place: Place, matches?: (argument: any) => boolean): Gate;
  /** For `StartOptions.wrapAdapter`. */
  wrapAdapter(adapter: Adapter): Adapter;
  /** The registry with its calls held. */
  wrapRegistry(registry: Registry): Registry;
  /** The store of a registry that keeps its versions in it. */
  wrapStore(store: Store, registry: Registry): Store;
  /** Opens what is held, and holds nothing from now on. */
  openAll(): void;
}

/** Creates the gates of one site. */
export function createGates(): Gates {
  interface Waiting {
    place: Place;
    matches: (argument: unknown) => boolean;
    arrive(): void;
    opened: Promise<void>;
    open(): void;
  }
  let waiting: Waiting[] = [];
  let held: Waiting[] = [];

  async function pass(place: Place, argument: unknown): Promise<void> {
    const gate = waiting.find((each) => each.place === place && each.matches(argument));
    if (!gate) return;
    waiting = waiting.filter((each) => each !== gate);
    held.push(gate);
    gate.arrive();
    await gate.opened;
  }

  return {
    hold(place, matches = () => true) {
      let arrive: () => void = () => undefined;
      let open: () => void = () => undefined;
      let fail: (error: Error) => void = () => undefined;
      const reached = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      const opened = new Promise<void>((resolve, reject) => {
        open = resolve;
        fail = reject;
      });
      waiting.push({ place, matches, arrive, opened, open });
      return { reached, open, fail };
    },
    wrapAdapter(adapter) {
      for (const name of METHODS) {
        const method = adapter[name] as (...args: unknown[]) => unknown;
        Object.assign(adapter, {
          async [name](this: unknown, ...args: unknown[]) {
            await pass(`before ${name}`, args[0]);
            const result = await method.apply(this, args);
            await pass(`after ${name}`, args[0]);
            return result;
          },
        });
      }
      return adapter;
    },
    wrapRegistry: (registry) =>
      new Proxy(registry, {
        get(target, name) {
          if (name === 'get' && !target.local) {
            const get: Registry['get'] = async (tags) => {
              await pass('before lookup', tags);
              const versions = await target.get(tags);
              await pass('after lookup', tags);
              return versions;
            };
            return get;
          }
          if (name !== 'replace') return Reflect.get(target, name);
          const replace: Registry['replace'] = async (tags, context) => {
            await pass('before replace', tags);
            const versions = await target.replace(tags, context);
            await pass('after replace', tags);
            return versions;
          };
          return replace;
        },
      }),
    wrapStore(store, registry) {
      if (!registry.storeKey) return store;
      return {
        ...store,
        async getMany(keys) {
          await pass('before lookup', keys);
          const values = await store.getMany(keys);
          await pass('after lookup', keys);
          return values;
        },
      };
    },
    openAll() {
      for (const gate of [...waiting, ...held]) gate.open();
      waiting = [];
      held = [];
    },
  };
}
