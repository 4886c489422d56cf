import { describe, expect, test } from 'vitest';
import {
  editPackageJson,
  scriptsOf,
  withoutPackages,
  withoutScripts,
} from '../../src/plan/package-json-edit.js';
import { testCases } from './cases.js';

testCases('package-json-edit', (text) => editPackageJson(text, '^0.1.0'));

test.each([false, true])('the scripts go with the package, with --exact (%s) as without', (exact) => {
  const text =
    '{\n  "scripts": {\n    "build": "next build"\n  },\n  "dependencies": {\n    "payload": "3.90.2"\n  }\n}\n';
  const edited = editPackageJson(text, '^0.1.0', {}, scriptsOf(exact));
  expect(edited).toMatchObject({ ok: true, modified: true });
  const content = 'content' in edited ? edited.content : '';
  expect(content.includes('payload-kv sync --exact')).toBe(exact);
  expect(withoutScripts(withoutPackages(content, ['payload-kv']))).toBe(text);
});

describe('a dependency on which a version is forced is named in that version', () => {
  const edited = (more: object) => {
    const text = `${JSON.stringify({ dependencies: { payload: '3.90.2' }, ...more }, undefined, 2)}\n`;
    const result = editPackageJson(text, '^0.1.0', { ioredis: '^6.0.0' });
    return JSON.parse('content' in result ? result.content : '{}').dependencies;
  };

  test.each([
    ['overrides', { overrides: { ioredis: '^5.6.0' } }],
    ['overrides of it and its dependencies', { overrides: { ioredis: { '.': '^5.6.0', debug: '4.4.0' } } }],
    ['resolutions', { resolutions: { ioredis: '^5.6.0' } }],
    ['pnpm.overrides', { pnpm: { overrides: { ioredis: '^5.6.0' } } }],
  ])('by %s', (_, more) => {
    expect(edited(more)).toEqual({ ioredis: '^5.6.0', payload: '3.90.2', 'payload-kv': '^0.1.0' });
  });

  test.each([
    ['for the dependency of another', { overrides: { bullmq: { ioredis: '^5.6.0' } } }],
    ['for what a package of it needs', { overrides: { ioredis: { debug: '4.4.0' } } }],
    ['as whatever the dependency says', { overrides: { ioredis: '$ioredis' } }],
    ['and it is taken away', { pnpm: { overrides: { ioredis: '-' } } }],
  ])('but not %s', (_, more) => {
    expect(edited(more)).toMatchObject({ ioredis: '^6.0.0' });
  });
});
