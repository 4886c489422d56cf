import { expect, test } from 'vitest';
import { declareBinding, envTypeName } from '../../src/plan/env-types-edit.js';
import { declares } from '../../src/plan/wrangler-types.js';
import { testCases } from './cases.js';

testCases('env-types-edit', (text) => declareBinding(text, 'PAYLOAD_CACHE', 'cloudflare-env.d.ts'));

test('a binding whose name is no identifier is declared in quotes, and found again', () => {
  for (const name of ['my-cache', 'x: 1 } declare const y', 'a"b']) {
    const first = declareBinding('interface Env {\n}\n', name, 'env.d.ts');
    expect(first).toMatchObject({ ok: true, modified: true });
    const { content } = first as { content: string };
    expect(content.split('\n')).toHaveLength(4);
    expect(declareBinding(content, name, 'env.d.ts')).toMatchObject({ ok: true, modified: false });
  }
  expect(declares('  "my-cache": KVNamespace;', 'my-cache')).toBe(true);
});

test('the env type is called as the generated types call it', () => {
  expect(envTypeName('interface CloudflareEnv extends Cloudflare.Env {}')).toBe('CloudflareEnv');
  expect(envTypeName('declare namespace Cloudflare { interface Env {} }\ninterface Env {}')).toBe(
    'Cloudflare.Env',
  );
  expect(envTypeName('interface Env {}')).toBe('Env');
  expect(envTypeName('export {}')).toBeUndefined();
});
