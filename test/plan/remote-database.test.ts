import { describe, expect, test } from 'vitest';
import type { WranglerConfig } from '../../src/inspect/wrangler.js';
import { isCachedLocally } from '../../src/plan/remote-database.js';

const asked = (content: string, format: WranglerConfig['format'] = 'jsonc') =>
  isCachedLocally({ content, format } as WranglerConfig, 'PAYLOAD_CACHE');

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
      '{ "d1_databases": [{ "remote": true }], "kv_namespaces": [{ "binding": "OTHER", "remote": true }] }',
    ],
  ])('%s', (_where, text) => expect(asked(text)).toBe(true));

  test('in TOML', () => {
    const toml =
      '[[d1_databases]]\nbinding = "D1"\nremote = true\n\n[[kv_namespaces]]\nbinding = "PAYLOAD_CACHE"\n';
    expect(asked(toml, 'toml')).toBe(true);
    expect(asked(`${toml}remote = true\n`, 'toml')).toBe(false);
    expect(asked(toml.replace('remote = true', '# remote = true'), 'toml')).toBe(false);
  });
});

test.each([
  ['both are local', '{ "d1_databases": [{ "binding": "D1" }] }'],
  ['it is commented out', '{ "d1_databases": [{ "binding": "D1", /* "remote": true */ }] }'],
  [
    'both are remote',
    '{ "d1_databases": [{ "remote": true }], "kv_namespaces": [{ "binding": "PAYLOAD_CACHE", "remote": true }] }',
  ],
  ['the file cannot be read', '{ "d1_databases": [{ "remote": true'],
  ['there is something else where they stand', '{ "env": { "a": 1 }, "d1_databases": [true] }'],
])('nothing is said where %s', (_where, text) => expect(asked(text)).toBe(false));
