import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { repository } from '../support/repository.js';

interface Form {
  name: string;
  description: string;
  body: { type: string; id?: string; attributes: { label?: string; value?: string }; validations?: object }[];
}

const below = (file: string) => readFileSync(path.join(repository, file), 'utf8');
const FOLDER = '.github/ISSUE_TEMPLATE';
const forms = readdirSync(path.join(repository, FOLDER)).filter((name) => name !== 'config.yml');

test('There is a form for a fault, for a wish and for a question, as GitHub wants them', () => {
  expect(forms.sort()).toEqual(['bug.yml', 'feature.yml', 'question.yml']);
  for (const name of forms) {
    const { name: title, description, body } = parse(below(`${FOLDER}/${name}`)) as Form;
    expect(title && description, name).toBeTruthy();
    const fields = body.filter(({ type }) => type !== 'markdown');
    expect(fields.length, name).toBeGreaterThan(0);
    expect(new Set(fields.map(({ id }) => id)).size, name).toBe(fields.length);
    for (const { type, id, attributes } of fields) {
      expect(['textarea', 'input'], `${name} ${id}`).toContain(type);
      expect(attributes.label, `${name} ${id}`).toBeTruthy();
    }
  }
  expect(below(`${FOLDER}/bug.yml`)).toContain('npx payload-kv doctor');
});

test('What these files name of the repository is there, and none names a host or a path of a machine', () => {
  const files = [
    ...forms.map((name) => `${FOLDER}/${name}`),
    '.github/pull_request_template.md',
    'CODE_OF_CONDUCT.md',
    'SUPPORT.md',
    'SECURITY.md',
  ];
  const scripts = (JSON.parse(below('package.json')) as { scripts: object }).scripts;
  for (const file of files) {
    const text = below(file);
    expect(text.match(/https?:|\/(?:home|root|tmp|work|Users)\//), file).toBeNull();
    const named = text.match(/\b(?:docs\/[\w-]+\.md|[A-Z_]{6,}\.md)\b/g) ?? [];
    for (const each of named) expect(existsSync(path.join(repository, each)), `${file}: ${each}`).toBe(true);
    for (const [, name = ''] of text.matchAll(/npm run (\w+)/g)) expect(scripts, file).toHaveProperty(name);
  }
});
