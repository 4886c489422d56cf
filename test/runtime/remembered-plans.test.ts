import fc from 'fast-check';
import { expect, test } from 'vitest';
import { walkArguments } from '../../src/runtime/query/canonical-arguments.js';
import type { Plan } from '../../src/runtime/read/context.js';
import { createRememberedPlans } from '../../src/runtime/read/remembered-plans.js';

const planNamed = (key: string): Plan => ({ key, nearKey: key, tags: [], question: [] });
const question = (args: Record<string, unknown>) => walkArguments(args)?.tokens ?? [];

test('a plan is found by the very question it was made for', () => {
  // Texts of few characters in few lengths, so that many look alike at a glance.
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 6, maxLength: 9 });
  const value = fc.oneof(text, fc.integer({ min: 0, max: 2 }), fc.boolean(), fc.constant(null));
  const asked = fc.dictionary(fc.constantFrom('where', 'sort', 'limit'), value);
  fc.assert(
    fc.property(fc.array(asked, { minLength: 1, maxLength: 30 }), (queries) => {
      const plans = createRememberedPlans();
      for (const query of queries) {
        const known = plans.find(question(query));
        const name = JSON.stringify(Object.entries(query).sort());
        if (known) expect(known.key).toBe(name);
        else plans.remember(question(query), planNamed(name));
        expect(plans.find(question(query))?.key).toBe(name);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('questions that look alike at a glance are told apart, however many there are', () => {
  const plans = createRememberedPlans();
  const alike = Array.from({ length: 50 }, (_, index) => ({
    where: { slug: { equals: `${index}`.padStart(8, '-').padEnd(60, 'x') } },
  }));
  for (const [index, query] of alike.entries()) {
    expect(plans.find(question(query))).toBeUndefined();
    plans.remember(question(query), planNamed(`${index}`));
    expect(plans.find(question(query))?.key).toBe(`${index}`);
  }
  // The first gave way; none of the others has taken its place.
  expect(plans.find(question(alike[0] as Record<string, unknown>))).toBeUndefined();
});
