import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Controller, Get, Inject, Injectable, Module, Query } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { memory } from '../../src/runtime/index.js';
import { PayloadKVModule, RequestCache } from '../../src/runtime/nestjs.js';
import { type RunningApplication, startApplication } from './application.js';

let runs = 0;
const made: WeakRef<object>[] = [];

@Injectable()
class Users {
  constructor(@Inject(RequestCache) readonly cache: RequestCache) {}

  find(id: string, fails = false): Promise<{ id: string; run: number }> {
    return this.cache.once(['user', id], async () => {
      runs += 1;
      const run = runs;
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (fails && run === 1) throw new Error('once');
      const user = { id, run };
      made.push(new WeakRef(user));
      return user;
    });
  }
}

@Injectable()
class Orders {
  constructor(@Inject(Users) readonly users: Users) {}
  of(id: string) {
    return this.users.find(id);
  }
}

@Controller()
class UsersController {
  constructor(
    @Inject(Users) readonly users: Users,
    @Inject(Orders) readonly orders: Orders,
  ) {}

  @Get('same')
  async same(@Query('id') id: string) {
    const [one, other] = await Promise.all([this.users.find(id), this.orders.of(id)]);
    return { isSame: one === other, again: (await this.orders.of(id)) === one, run: one.run };
  }

  @Get('two')
  async two() {
    const [one, other] = await Promise.all([this.users.find('1'), this.users.find('2')]);
    return [one.id, other.id];
  }

  @Get('failing')
  async failing() {
    const first = await this.users.find('1', true).catch((error: Error) => error.message);
    return [first, (await this.users.find('1', true)).run];
  }
}

@Module({
  imports: [PayloadKVModule.forRoot({ store: memory() })],
  controllers: [UsersController],
  providers: [Users, Orders],
})
class Root {}

let running: RunningApplication;
beforeAll(async () => {
  running = await startApplication(Root);
});
afterAll(() => running?.close());
beforeEach(() => {
  runs = 0;
});

test('all who ask in one request get the same, and another request another', async () => {
  const answers = await Promise.all(['a', 'a', 'b'].map((id) => running.get(`/same?id=${id}`)));
  for (const { body } of answers) expect(body).toMatchObject({ isSame: true, again: true });
  expect(answers.map(({ body }) => body.run).sort()).toEqual([1, 2, 3]);
});

test('keys are told apart', async () => {
  expect((await running.get('/two')).body).toEqual(['1', '2']);
});

test('what was thrown is not kept', async () => {
  expect((await running.get('/failing')).body).toEqual(['once', 2]);
});

test('a key that cannot be told from others is refused', async () => {
  await expect(new RequestCache().once([() => 1], () => 1)).rejects.toThrow(
    expect.objectContaining({ code: 'INVALID_FUNCTION_KEY' }),
  );
});

test('with the request all that it held is gone', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  made.length = 0;
  for (let time = 0; time < 50; time++) await running.get('/same?id=a');
  expect(made.length).toBe(50);
  for (let time = 0; time < 20 && made.some((each) => each.deref()); time++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
  }
  // The last may be held by what has just been sent.
  expect(made.filter((each) => each.deref()).length).toBeLessThan(5);
});
