import { describe, expect, test } from 'vitest';
import { isCachedLocally } from '../../src/plan/wrangler/remote-database.js';
import { readConfig } from './wrangler-config.js';

const asked = async (text: string, extension = 'jsonc') =>
  isCachedLocally(await readConfig(text, extension), 'PAYLOAD_CACHE');

describe('a remote D1 and a namespace that is not', () => {
  test.each([
    ['at the top level', '{ "d1_databases": [{ "binding": "D1", "remote": true }] }'],
    ['under its older name', '{ "d1_databases": [{ "binding": "D1", "experimental_remote": true, }] }'],
    [
      'in an environment',
      '{ "env": { "staging": { "d1_databases": [{ "binding": "D1", "remote": true }] } } }',
    ],
    [
      'beside another namespace that is remote',
      '{ "d1_databases": [{ "binding": "D1", "remote": true }], "kv_namespaces": [{ "binding": "OTHER", "remote": true }] }',
    ],
  ])('%s', async (_where, text) => expect(await asked(text)).toBe(true));

  test('in TOML', async () => {
    const toml =
      '[[d1_databases]]\nbinding = "D1"\nremote = true\n\n[[kv_namespaces]]\nbinding = "PAYLOAD_CACHE"\n';
    expect(await asked(toml, 'toml')).toBe(true);
    expect(await asked(`${toml}remote = true\n`, 'toml')).toBe(false);
    expect(await asked(toml.replace('remote = true', '# remote = true'), 'toml')).toBe(false);
  });
});

test.each([
  ['both are local', '{ "d1_databases": [{ "binding": "D1" }] }'],
  ['it is commented out', '{ "d1_databases": [{ "binding": "D1", /* "remote": true */ }] }'],
  [
    'both are remote',
    '{ "d1_databases": [{ "binding": "D1", "remote": true }], "kv_namespaces": [{ "binding": "PAYLOAD_CACHE", "remote": true }] }',
  ],
  ['the file cannot be read', '{ "d1_databases": [{ "binding": "D1", "remote": true'],
  ['there is something else where they stand', '{ "env": { "a": 1 }, "d1_databases": [true] }'],
])('nothing is said where %s', async (_where, text) => expect(await asked(text)).toBe(false));
