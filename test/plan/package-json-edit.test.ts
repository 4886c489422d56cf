import { expect, test } from 'vitest';
import { editPackageJson, scriptsOf, withoutPackages } from '../../src/plan/package-json-edit.js';
import { testCases } from './cases.js';

testCases('package-json-edit', (text) => editPackageJson(text, '^0.1.0'));

test.each([false, true])('the scripts go with the package, with --exact (%s) as without', (exact) => {
  const text =
    '{\n  "scripts": {\n    "build": "next build"\n  },\n  "dependencies": {\n    "payload": "3.90.2"\n  }\n}\n';
  const edited = editPackageJson(text, '^0.1.0', {}, scriptsOf(exact));
  expect(edited).toMatchObject({ ok: true, modified: true });
  const content = 'content' in edited ? edited.content : '';
  expect(content.includes('payload-kv sync --exact')).toBe(exact);
  expect(withoutPackages(content, ['payload-kv'])).toBe(text);
});
