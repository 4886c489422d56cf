/** What only the decorators of the language take: private methods, and private getters. */
import type { Payload } from 'payload';
import { Cached, CacheEvict, CachePut } from 'payload-kv/decorators';

export const world = { payload: undefined as Payload | undefined, runs: [] as string[] };

const payload = () => world.payload;

export class Users {
  @Cached({ namespace: 'private', key: '#{0}', payload })
  async #byId(id: number): Promise<string> {
    world.runs.push('#byId');
    return `user ${id}`;
  }

  @CachePut({ namespace: 'private', key: '#{0}', payload })
  async #put(_id: number, name: string): Promise<string> {
    return name;
  }

  @CacheEvict({ namespace: 'private', key: '#{0}', payload })
  async #remove(_id: number): Promise<void> {}

  @Cached({ namespace: 'private getter', payload })
  get #settings(): Promise<string> {
    world.runs.push('#settings');
    return Promise.resolve('settings');
  }

  @Cached({ namespace: 'private of the class', payload })
  static async #ofAll(id: number): Promise<string> {
    world.runs.push('#ofAll');
    return `all ${id}`;
  }

  byId = (id: number) => this.#byId(id);
  put = (id: number, name: string) => this.#put(id, name);
  remove = (id: number) => this.#remove(id);
  settings = () => this.#settings;
  ofAll = (id: number) => Users.#ofAll(id);
}
