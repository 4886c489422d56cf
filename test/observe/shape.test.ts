import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shapeOf } from '../../src/runtime/observe/shape.js';

describe('the shape of a query', () => {
  test.each([
    [{}, ''],
    [{ where: { slug: { equals: 'secret' } }, limit: 1 }, 'slug equals, limit 1'],
    [
      { where: { and: [{ _status: { equals: 'published' } }, { 'author.name': { like: 'A' } }] }, limit: 10 },
      '_status equals, author.name like, limit 10',
    ],
    [{ where: { or: [{ a: { equals: 1 } }, { b: { equals: 2 } }] } }, 'or a equals, or b equals'],
    [{ where: { id: { in: [1, 2] } }, pagination: false, limit: 0 }, 'id in, all'],
    [{ sort: '-createdAt,title', page: 3, limit: 5 }, 'sort -createdAt title, limit 5, page'],
    [
      { locale: 'de', draftsEnabled: true, select: { title: true }, joins: { posts: {} } },
      'locale de, drafts, select, joins',
    ],
    [{ where: true }, ''],
    [{ where: null, sort: ['-a', 'b'] }, 'sort -a b'],
  ])('%j', (args, shape) => {
    expect(shapeOf(args)).toBe(shape);
  });

  test('names that no field has are not shown: they may hold anything', () => {
    expect(
      shapeOf({ where: { 'data.my password is x': { equals: 1 }, '\u001b[31m': { '<script>': 1 } } }),
    ).toBe('? equals, ? ?');
    expect(shapeOf({ sort: 'a b;DROP', locale: '\u0000' })).toBe('sort ?, locale ?');
  });

  test('no value is in it, whatever the query, and it is never long', () => {
    const value = fc.constantFrom('hunter2', 'hunter2@example.com', 'hunter2 hunter2');
    const where = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.dictionary(
          fc.constantFrom('a', 'slug', 'x.y'),
          fc.dictionary(fc.constantFrom('equals', 'in', 'near'), fc.oneof(value, fc.array(value))),
        ),
        fc.record({ and: fc.array(tie('node'), { maxLength: 4 }) }),
        fc.record({ or: fc.array(tie('node'), { maxLength: 4 }) }),
      ),
    })).node;
    fc.assert(
      fc.property(where, (condition) => {
        const shape = shapeOf({ where: condition, limit: 3 });
        expect(shape).not.toContain('hunter2');
        expect(shape.length).toBeLessThanOrEqual(160);
      }),
    );
  });

  test('of a query that is deep or wide without end is there at once', () => {
    let deep: Record<string, unknown> = { slug: { equals: 'a' } };
    for (let depth = 0; depth < 100_000; depth++) deep = { and: [deep] };
    expect(shapeOf({ where: deep })).toBe('…');
    let looked = 0;
    const wide = new Proxy(
      Array.from({ length: 100_000 }, () => ({})),
      {
        get(target, name, receiver) {
          looked += 1;
          return Reflect.get(target, name, receiver);
        },
      },
    );
    expect(shapeOf({ where: { or: wide, title: { equals: 'a' } } })).toBe('…');
    expect(looked).toBeLessThan(2_000);
  });
});
