import { build } from 'esbuild';
import type { Config } from 'payload';
import { expect, test } from 'vitest';
import { COMPONENTS } from '../../src/runtime/observe/admin-view.js';
import { observe } from '../../src/runtime/observe.js';
import { repository } from '../support/repository.js';

const configOf = (config: Partial<Config>, adminView = true): Config =>
  observe({ adminView }).configure?.(config as Config) as Config;

test('the view is added with its link and its buttons, and what the site has stays', () => {
  const own = { Component: '/views/Own', path: '/own' } as const;
  const config = configOf({
    admin: { user: 'users', components: { afterNavLinks: ['/Links'], views: { own } } },
    collections: [
      { slug: 'posts', fields: [] },
      {
        slug: 'pages',
        fields: [],
        admin: {
          hidden: true,
          components: { edit: { beforeDocumentControls: ['/Status'], SaveButton: '/Save' } },
        },
      },
    ],
    globals: [{ slug: 'header', fields: [], admin: { components: { elements: { SaveButton: '/Save' } } } }],
  });
  expect(config.admin).toMatchObject({
    user: 'users',
    components: {
      afterNavLinks: ['/Links', 'payload-kv/rsc#CacheNavLink'],
      views: { own, payloadCache: { Component: 'payload-kv/rsc#CacheView', path: '/cache', exact: true } },
    },
  });
  const [posts, pages] = config.collections!;
  expect(posts!.admin?.components?.edit?.beforeDocumentControls).toEqual([COMPONENTS.document]);
  expect(pages!.admin).toMatchObject({
    hidden: true,
    components: {
      edit: { beforeDocumentControls: ['/Status', COMPONENTS.document], SaveButton: '/Save' },
    },
  });
  expect(config.globals![0]!.admin?.components?.elements).toEqual({
    SaveButton: '/Save',
    beforeDocumentControls: [COMPONENTS.document],
  });
});

test('without adminView, and where a view of that name is there, nothing of it is added', () => {
  const collections: Config['collections'] = [{ slug: 'posts', fields: [] }];
  expect(configOf({ collections }, false).admin).toBeUndefined();
  const views = { payloadCache: { Component: '/views/Own', path: '/cache' } } as const;
  const config = configOf({ collections, admin: { components: { views } } });
  expect(config.admin?.components).toEqual({ views });
  expect(config.collections).toEqual(collections);
});

test('it needs the endpoints', () => {
  expect(() => observe({ adminView: true, endpoints: false })).toThrow(
    expect.objectContaining({ code: 'INVALID_POLICY' }),
  );
});

test('no component, and nothing of React, is reached from what a config imports', async () => {
  const { metafile } = await build({
    stdin: {
      contents: `export * from 'payload-kv'; export * from 'payload-kv/observe';`,
      resolveDir: repository,
    },
    absWorkingDir: repository,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['payload', 'ioredis'],
    tsconfigRaw: {},
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs).toContain('dist/runtime/observe/admin-view.js');
  expect(inputs.filter((input) => /dist\/admin\/|react|@payloadcms/.test(input))).toEqual([]);
});
