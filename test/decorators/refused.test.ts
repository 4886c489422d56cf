import { afterAll, expect, test } from 'vitest';
import { COMPILERS, type Compiler, type Kind, load, removeCompiled } from './compilers.js';

afterAll(removeCompiled);

const compilerOf = (kind: Kind): Compiler => COMPILERS.find((each) => each.kind === kind) as Compiler;
const KINDS: Kind[] = ['standard', 'legacy'];

/** What is thrown where a class is defined, compiled for real. */
async function thrownBy(body: string, kind: Kind): Promise<{ code?: string; message: string }> {
  const source = `import { CacheEvict, CacheKey, Cached, CachePut } from 'payload-kv/decorators';
    ${/class Service/.test(body) ? body : `export class Service { ${body} }`}`;
  try {
    await load(compilerOf(kind), source);
  } catch (error) {
    return error as { code?: string; message: string };
  }
  return { message: 'nothing' };
}

const places: [string, string, Kind[]][] = [
  ["@Cached({ namespace: 'a' }) class Service {}", 'not a class', KINDS],
  ["@Cached({ namespace: 'a' }) field = async () => 1;", 'not a field', KINDS],
  ["@Cached({ namespace: 'a' }) set setter(value) {}", 'not a setter', KINDS],
  ["@Cached({ namespace: 'a' }) accessor both = 1;", 'not an accessor', ['standard']],
  ["@Cached({ namespace: 'a' }) *generator() {}", 'a generator has no result', KINDS],
  ["@Cached({ namespace: 'a' }) async *generator() {}", 'a generator has no result', KINDS],
  ["@Cached({ namespace: 'a' }) static *generator() {}", 'a generator has no result', KINDS],
  ["@Cached({ namespace: 'a' }) get getter() { return 1; }", 'nothing', KINDS],
  ["method(@Cached({ namespace: 'a' }) a) {}", 'not a parameter', ['legacy']],
  ["@CachePut({ namespace: 'a', key: 'a' }) get getter() { return 1; }", 'not a getter', KINDS],
  ["@CachePut({ namespace: 'a', key: 'a' }) *generator() {}", 'a generator has no result', KINDS],
  ["@CacheEvict({ tags: ['a'] }) get getter() { return 1; }", 'not a getter', KINDS],
  ["@CacheEvict({ tags: ['a'] }) async *generator() {}", 'a generator has no result', KINDS],
  ["@CacheEvict({ tags: ['a'] }) field = 1;", 'not a field', KINDS],
  ['@CacheKey() method() {}', 'marks a parameter', KINDS],
  ['constructor(@CacheKey() a) {}', 'marks a parameter', ['legacy']],
];
test.each(places.flatMap(([body, reason, kinds]) => kinds.map((kind) => [body, reason, kind] as const)))(
  '%s: %s, with %s decorators',
  async (body, reason, kind) => {
    const { code, message } = await thrownBy(body, kind);
    expect(message).toContain(reason);
    if (reason !== 'nothing') expect(code).toBe('INVALID_DECORATOR');
  },
);

const options: [string, string][] = [
  ['@Cached({}) async a() {}', 'needs a namespace'],
  ["@Cached({ namespace: '' }) async a() {}", 'needs a namespace'],
  ['@Cached({ namespace: 5 }) async a() {}', 'needs a namespace'],
  [`@Cached({ namespace: '${'a'.repeat(101)}' }) async a() {}`, 'at most 100 characters'],
  ["@Cached({ namespace: 'a', ttl: 'soon' }) async a() {}", 'ttl must be'],
  ["@Cached({ namespace: 'a', swr: 'soon' }) async a() {}", 'swr must be'],
  ["@Cached({ namespace: 'a', staleIfError: -1 }) async a() {}", 'staleIfError must be'],
  ["@Cached({ namespace: 'a', key: '#{1}' }) async a(id) {}", 'has one parameter'],
  ["@Cached({ namespace: 'a', key: '#{1}' }) async a(id = 1) {}", 'nothing'],
  ["@Cached({ namespace: 'a', key: '#{1}' }) async a(...ids) {}", 'nothing'],
  [
    "@CacheEvict({ tags: ['a'] }) @Cached({ namespace: 'a', key: '#{1}' }) async a(id) {}",
    'has one parameter',
  ],
  [
    "@Cached({ namespace: 'a', key: '#{1}' }) @CacheEvict({ tags: ['a'] }) async a(id) {}",
    'has one parameter',
  ],
  ["@Cached({ namespace: 'a', key: '#{1}' }) @CacheEvict({ tags: ['a'] }) async a(id, b) {}", 'nothing'],
  ["@Cached({ namespace: 'a', key: '#{id}' }) async a(id) {}", "no parameter is named 'id'"],
  ["@Cached({ namespace: 'a', key: '#{id}', params: ['id'] }) async a(id) {}", 'nothing'],
  [
    "@Cached({ namespace: 'a', key: '#{id}', params: ['id', 'b'] }) async a(id) {}",
    'must name its parameters',
  ],
  ["@Cached({ namespace: 'a', key: '#{id}', params: ['id', 'id'] }) async a(id, b) {}", 'each once'],
  ["@Cached({ namespace: 'a', key: '#{id}', params: 'id' }) async a(id) {}", 'must name its parameters'],
  ["@Cached({ namespace: 'a', params: ['id'] }) async a(id) {}", 'its key is none'],
  ["@Cached({ namespace: 'a', key: () => [], params: ['id'] }) async a(id) {}", 'its key is none'],
  ["@Cached({ namespace: 'a', key: 5 }) async a(id) {}", 'neither a text nor a function'],
  ["@Cached({ namespace: 'a', key: '#{0.__proto__}' }) async a(id) {}", 'no property of a value'],
  ["@Cached({ namespace: 'a', tags: 'b' }) async a(id) {}", 'must be a list of texts'],
  ["@Cached({ namespace: 'a', tags: ['b-#{0}'] }) async a(id) {}", 'are no templates'],
  ["@CachePut({ namespace: 'a' }) async a(id) {}", 'needs a key'],
  ["@CachePut({ key: '#{0}' }) async a(id) {}", 'needs a namespace'],
  ["@CachePut({ namespace: 'a', key: '#{0}', ttl: 0 }) async a(id) {}", 'ttl must be'],
  ["@CacheEvict({ namespace: 'a' }) async a(id) {}", 'must name one of'],
  ["@CacheEvict({ namespace: 'a', all: false }) async a(id) {}", 'must name one of'],
  ["@CacheEvict({ namespace: 'a', all: true, key: '#{0}' }) async a(id) {}", 'must name one of'],
  ["@CacheEvict({ namespace: 'a', tags: ['a'], key: '#{0}' }) async a(id) {}", 'must name one of'],
  ["@CacheEvict({ key: '#{0}' }) async a(id) {}", 'needs a namespace'],
  ['@CacheEvict({ all: true }) async a(id) {}', 'needs a namespace'],
];
test.each(options.flatMap(([body, reason]) => KINDS.map((kind) => [body, reason, kind] as const)))(
  '%s: %s, with %s decorators',
  async (body, reason, kind) => {
    const { code, message } = await thrownBy(body, kind);
    expect(message).toContain(reason);
    if (reason !== 'nothing') expect(code).toMatch(/^INVALID_(FUNCTION_KEY|DURATION)$/);
  },
);

test('a key beside marked parameters is refused', async () => {
  const { code, message } = await thrownBy(
    "@Cached({ namespace: 'a', key: '#{0}' }) async a(@CacheKey() id) {}",
    'legacy',
  );
  expect(code).toBe('INVALID_FUNCTION_KEY');
  expect(message).toContain('@CacheKey() marks');
});

test.each(KINDS)('`when` and `unless` say it at once, with %s decorators', async (kind) => {
  const { Service } = await load<{ Service: new () => Record<string, () => Promise<unknown>> }>(
    compilerOf(kind),
    `import { CacheEvict, Cached } from 'payload-kv/decorators';
     export class Service {
       @Cached({ namespace: 'a', when: async () => false }) async when() {}
       @Cached({ namespace: 'a', key: () => ['b'], unless: async () => false }) async unless() {}
       @CacheEvict({ tags: ['a'], when: async () => false }) async evict() {}
     }`,
  );
  for (const [name, call] of Object.entries({
    when: () => new Service().when!(),
    unless: () => new Service().unless!(),
    evict: () => new Service().evict!(),
  }))
    await expect(call(), name).rejects.toMatchObject({ code: 'INVALID_FUNCTION_KEY' });
});
