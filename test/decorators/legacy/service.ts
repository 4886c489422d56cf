/** What only TypeScript's legacy decorators take: those of parameters. With what `emitDecoratorMetadata` adds. */
import 'reflect-metadata';
import type { Payload } from 'payload';
import { Cached, CacheEvict, CacheKey, CachePut } from 'payload-kv/decorators';

export const world = { payload: undefined as Payload | undefined, runs: [] as string[] };

const payload = () => world.payload;

/** As Nest notes a route. */
function Route(path: string): MethodDecorator {
  return (_target, _name, descriptor) => {
    Reflect.defineMetadata('path', path, descriptor.value as object);
  };
}

export class Dependency {}

export class Users {
  dependency: Dependency;

  constructor(dependency: Dependency = new Dependency()) {
    this.dependency = dependency;
  }

  @Route('/above')
  @Cached({ namespace: 'marked', payload })
  @Route('/below')
  async byId(@CacheKey() id: number, _trace: Dependency, @CacheKey() locale = 'en'): Promise<string> {
    world.runs.push('byId');
    return `${id} ${locale}`;
  }

  @Cached({ namespace: 'routed', payload })
  @Route('/below')
  async routed(): Promise<string> {
    return 'routed';
  }

  @CachePut({ namespace: 'marked', payload })
  async put(_value: string, @CacheKey() _id: number, @CacheKey() _locale: string): Promise<string> {
    return 'put';
  }

  @CacheEvict({ namespace: 'marked', payload })
  async remove(@CacheKey() _id: number, @CacheKey() _locale: string): Promise<void> {}

  @Cached({ namespace: 'marked of the class', payload })
  static async ofAll(_trace: unknown, @CacheKey() id: number): Promise<string> {
    world.runs.push('ofAll');
    return `${id}`;
  }
}
