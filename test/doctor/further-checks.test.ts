import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../src/doctor/check.js';
import { kvLimits } from '../../src/doctor/checks/kv-limits.js';
import { onePayload } from '../../src/doctor/checks/one-payload.js';
import { payloadOwnKV } from '../../src/doctor/checks/payload-own-kv.js';
import { pluginOrder } from '../../src/doctor/checks/plugin-order.js';
import { policy } from '../../src/doctor/checks/policy.js';
import { wranglerConfig } from '../../src/doctor/checks/wrangler-config.js';
import { doctorContext } from '../../src/doctor/context.js';
import { inspectProject } from '../../src/inspect/project.js';
import { runCli } from '../support/cli.js';
import { copyFixture, type FixtureName, type ProjectCopy } from '../support/project.js';

const WRAPPER = 'src/payload-kv/index.ts';
const CONFIG = 'src/payload.config.ts';

/** A copy of a fixture after `init`. */
function scaffolded(name: FixtureName) {
  let copy: ProjectCopy;
  beforeAll(async () => {
    copy = await copyFixture(name);
    const init = await runCli(['init', '--yes', '--no-install'], { cwd: copy.dir });
    expect(init.exitCode, init.stderr).toBe(0);
  });
  afterAll(() => copy?.remove());
  return {
    get dir() {
      return copy.dir;
    },
    /** What one check says with these files changed, which are put back. */
    async diagnose(check: Check, changes: Record<string, (text: string) => string> = {}) {
      const before = new Map<string, string | undefined>();
      try {
        for (const [file, change] of Object.entries(changes)) {
          const text = await copy.read(file).catch(() => undefined);
          before.set(file, text);
          const after = change(text ?? '');
          expect(after, `${file} is changed`).not.toBe(text);
          await copy.write(file, after);
        }
        return await check.run(await doctorContext(inspectProject({ cwd: copy.dir })));
      } finally {
        for (const [file, text] of before) {
          if (text === undefined) await rm(path.join(copy.dir, file));
          else await copy.write(file, text);
        }
      }
    },
  };
}

describe('on the blog', () => {
  const blog = scaffolded('blog');
  const plugins = (written: string, declared = '') => ({
    [CONFIG]: (text: string) =>
      text
        .replace('plugins: [cache]', `plugins: [${written}]`)
        .replace('export default', `${declared}\nexport default`),
  });

  describe('one Payload', () => {
    const manifest = (version: string, more: object = {}) =>
      JSON.stringify({ name: 'payload', version, ...more });

    test('is found by the project, its adapter and the cache', async () => {
      expect(await blog.diagnose(onePayload)).toMatchObject({
        status: 'ok',
        summary: expect.stringMatching(/^Payload 3\.\d+\.\d+, the same for 2 packages of it$/),
      });
    });

    test('is not what a package with another one of its own finds', async () => {
      const other = { 'node_modules/payload-kv/node_modules/payload/package.json': () => manifest('3.80.0') };
      expect(await blog.diagnose(onePayload, other)).toMatchObject({
        status: 'fail',
        summary: expect.stringMatching(
          /^the project has Payload 3\.\d+\.\d+, but payload-kv finds Payload 3\.80\.0$/,
        ),
        fix: expect.stringContaining('Write the same version at payload and every @payloadcms package'),
      });
    });

    test('is not what a package made for another release wants', async () => {
      const other = {
        'package.json': (text: string) =>
          text.replace('"dependencies": {', '"dependencies": { "@payloadcms/plugin-of-old": "3.80.0",'),
        'node_modules/@payloadcms/plugin-of-old/package.json': () =>
          JSON.stringify({ version: '3.80.0', peerDependencies: { payload: '3.80.0' } }),
      };
      expect(await blog.diagnose(onePayload, other)).toMatchObject({
        status: 'fail',
        summary: expect.stringContaining('@payloadcms/plugin-of-old 3.80.0 is made for Payload 3.80.0'),
      });
    });

    test('twice in the same version is a warning', async () => {
      const { payloadVersion } = inspectProject({ cwd: blog.dir });
      const copy = {
        'node_modules/payload-kv/node_modules/payload/package.json': () =>
          manifest(payloadVersion.installed!),
      };
      expect(await blog.diagnose(onePayload, copy)).toMatchObject({
        status: 'warn',
        summary: expect.stringContaining('is there more than once'),
        fix: expect.stringContaining('npm dedupe'),
      });
    });
  });

  describe('the place among the plugins', () => {
    test('is the last one after init', async () => {
      expect(await blog.diagnose(pluginOrder)).toEqual({ status: 'ok', summary: 'the last one' });
    });

    test.each([
      ['returns', '(config: Config) => ({ ...config, db: otherAdapter() })'],
      ['assigns', '(config: Config) => { config.db = otherAdapter(); return config; }'],
    ])('before a plugin that %s another db is wrong', async (_how, code) => {
      const changed = plugins('cache, withOther', `const withOther = ${code};`);
      expect(await blog.diagnose(pluginOrder, changed)).toMatchObject({
        status: 'fail',
        summary: expect.stringMatching(/^`withOther` at src\/payload\.config\.ts:\d+ sets `db` after/),
        fix: `Move \`cache\` to the end of \`plugins\` in ${CONFIG}.`,
      });
    });

    test('before a plugin of another file that sets db is wrong', async () => {
      const changed = {
        [CONFIG]: (text: string) =>
          `import { withOther } from './with-other';\n${text.replace('plugins: [cache]', 'plugins: [cache, withOther()]')}`,
        'src/with-other.ts': () =>
          'export const withOther = () => (config) => ({ ...config, db: other() });\n',
      };
      expect(await blog.diagnose(pluginOrder, changed)).toMatchObject({ status: 'fail' });
    });

    test('after a plugin that sets db is fine, and so is one that keeps it', async () => {
      const sets = 'const withOther = (config: Config) => ({ ...config, db: otherAdapter() });';
      expect(await blog.diagnose(pluginOrder, plugins('withOther, cache', sets))).toMatchObject({
        status: 'ok',
      });
      const keeps = 'const withOther = (config: Config) => ({ ...config, db: config.db });';
      expect(await blog.diagnose(pluginOrder, plugins('cache, withOther', keeps))).toMatchObject({
        status: 'ok',
        summary: 'one plugin comes after it, and none is seen to set `db`',
      });
    });

    test('before a plugin that adds collections is a warning', async () => {
      const adds =
        'const withForms = (config: Config) => ({ ...config, collections: [...(config.collections ?? []), Forms] });';
      expect(await blog.diagnose(pluginOrder, plugins('cache, withForms', adds))).toMatchObject({
        status: 'warn',
        summary: 'plugins that add collections come after it',
        details: [expect.stringContaining('withForms'), expect.stringContaining('cached as well')],
      });
    });

    test('before an onInit that replaces payload.db is wrong', async () => {
      const changed = {
        [CONFIG]: (text: string) =>
          text.replace(
            'plugins: [cache]',
            'plugins: [cache],\n  onInit: (payload) => { payload.db = otherAdapter(); }',
          ),
      };
      expect(await blog.diagnose(pluginOrder, changed)).toMatchObject({
        status: 'fail',
        summary: expect.stringMatching(/^src\/payload\.config\.ts:\d+ replaces `payload\.db`/),
      });
    });
  });

  test("Payload's own key-value collection in the policy is told from the cache", async () => {
    const named = {
      [WRAPPER]: (text: string) => text.replace(/^(\s*)posts: \{/m, "    'payload-kv': {},\n    posts: {"),
    };
    expect(await blog.diagnose(payloadOwnKV)).toBeUndefined();
    expect(await blog.diagnose(payloadOwnKV, named)).toMatchObject({
      status: 'fail',
      summary: expect.stringMatching(
        /^src\/payload-kv\/index\.ts:\d+ names the collection `payload-kv`: .*not this cache/,
      ),
      fix: expect.stringContaining('Remove `payload-kv` at'),
    });
    // It is said once.
    expect(await blog.diagnose(policy, named)).toMatchObject({ status: 'ok' });
  });

  test('entries in memory are no writes to KV', async () => {
    expect(await blog.diagnose(kvLimits)).toBeUndefined();
    expect(await blog.diagnose(wranglerConfig)).toBeUndefined();
  });
});

describe('on the cloudflare project', () => {
  const site = scaffolded('cloudflare');
  const ttl = (written: string) => ({
    [WRAPPER]: (text: string) => text.replace("ttl: '5m'", written),
  });

  test('one Payload is found, whatever lies in the directories above', async () => {
    expect(await site.diagnose(onePayload)).toMatchObject({ status: 'ok' });
  });

  describe('the writes of the free plan', () => {
    test('carry entries of five minutes, and it is said how many', async () => {
      expect(await site.diagnose(kvLimits)).toMatchObject({
        status: 'ok',
        summary: expect.stringContaining('written about 288 times a day'),
        details: [expect.stringContaining('1,000 writes a day: 3 such entries')],
      });
    });

    test('do not carry one entry of a minute', async () => {
      expect(await site.diagnose(kvLimits, ttl("ttl: '1m'"))).toMatchObject({
        status: 'warn',
        summary: expect.stringContaining(
          'written about 1,440 times a day (`ttl` at src/payload-kv/index.ts:',
        ),
        fix: expect.stringMatching(/^On the Workers Paid plan: nothing\./),
      });
    });

    test('are judged by the shortest TTL, and by the default where none is written', async () => {
      const short = {
        [WRAPPER]: (text: string) => text.replace("ttl: '5m'", "ttl: '1h', operations: { count: 60 }"),
      };
      expect(await site.diagnose(kvLimits, short)).toMatchObject({
        status: 'warn',
        summary: expect.stringContaining('`operations.count`'),
      });
      expect(await site.diagnose(kvLimits, ttl("namespace: 'a'"))).toMatchObject({
        status: 'ok',
        summary: expect.stringContaining('288 times a day (`ttl` by default)'),
      });
    });
  });

  test('a wrangler config that another one shadows is told', async () => {
    expect(await site.diagnose(wranglerConfig)).toMatchObject({ status: 'ok' });
    const redirected = {
      '.wrangler/deploy/config.json': () => '{ "configPath": "../../dist/wrangler.json" }',
    };
    expect(await site.diagnose(wranglerConfig, redirected)).toMatchObject({
      status: 'warn',
      summary: '.wrangler/deploy/config.json redirects wrangler to a config that a build wrote.',
      fix: expect.stringContaining('--config wrangler.jsonc'),
    });
  });
});
