import { expect, test } from 'vitest';
import { declareBinding, envTypeName } from '../../src/plan/env-types-edit.js';
import { testCases } from './cases.js';

testCases('env-types-edit', (text) => declareBinding(text, 'PAYLOAD_CACHE', 'cloudflare-env.d.ts'));

test('the env type is called as the generated types call it', () => {
  expect(envTypeName('interface CloudflareEnv extends Cloudflare.Env {}')).toBe('CloudflareEnv');
  expect(envTypeName('declare namespace Cloudflare { interface Env {} }\ninterface Env {}')).toBe(
    'Cloudflare.Env',
  );
  expect(envTypeName('interface Env {}')).toBe('Env');
  expect(envTypeName('export {}')).toBeUndefined();
});
