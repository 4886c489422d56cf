import type { SanitizedConfig } from 'payload';
import { describe, expect, test } from 'vitest';
import { inspectProject } from '../../src/inspect/project.js';
import { startBlog, startCloudflare } from '../support/payload.js';
import { repository } from '../support/repository.js';
import { comparable, sample, sanitisedSample, truthOf } from './sanitised.js';

/** Compares what was read without running anything with what Payload makes of the config when it runs. */
function expectTruth(cwd: string, config: SanitizedConfig): void {
  const { schema } = inspectProject({ cwd });
  const truth = truthOf(config);
  expect(schema.collections.map(({ slug }) => slug)).toEqual(truth.collections.map(({ slug }) => slug));
  expect(schema.globals.map(({ slug }) => slug)).toEqual(truth.globals.map(({ slug }) => slug));
  const collections = comparable(truth.collections);
  for (const [index, { location: _, origin: __, access: ___, ...collection }] of comparable(
    schema.collections,
  ).entries()) {
    expect(collection).toEqual(collections[index]);
  }
  const globals = comparable(truth.globals);
  for (const [index, { location: _, origin: __, access: ___, ...global }] of comparable(
    schema.globals,
  ).entries()) {
    expect(global).toEqual(globals[index]);
  }
  expect(schema.locales).toEqual(config.localization ? config.localization.localeCodes : []);
}

describe('the inspected schema is what Payload makes of', () => {
  test('the blog fixture', async () => {
    const { config, stop } = await startBlog();
    try {
      expectTruth(`${repository}/fixtures/blog`, config);
    } finally {
      await stop();
    }
  });

  test('the cloudflare fixture', async () => {
    const { config, stop } = await startCloudflare();
    try {
      expectTruth(`${repository}/fixtures/cloudflare`, config);
    } finally {
      await stop();
    }
  });

  test.each([
    ['fields', 'fields of every kind, nested in every way'],
    ['website', "helpers that push, merge and override, as Payload's website template has them"],
    ['joins', 'joins, which index what they read'],
    ['shared-blocks', 'blocks that are referred to by slug'],
    ['factory', 'a factory that a re-exported entry calls'],
    ['function-of-defaults', 'a promise of a function of defaults'],
    ['circular', 'collections that import each other'],
    ['generated', 'collections made by maps, loops and assignments'],
    ['auth-variants', 'auth in its variants'],
    ['versions-and-implicit', 'versions, folders and the users collection that Payload adds'],
  ])('%s: %s', async (name) => {
    const config = await sanitisedSample(name);
    expectTruth(sample(name), config);
  });

  test.each([
    'fields',
    'website',
    'joins',
    'shared-blocks',
    'factory',
    'function-of-defaults',
    'circular',
    'generated',
    'auth-variants',
    'versions-and-implicit',
  ])('%s, with nothing left unresolved', (name) => {
    const { schema } = inspectProject({ cwd: sample(name) });
    expect(schema.unresolved).toEqual([]);
    expect(schema.warnings).toEqual([]);
  });
});
