import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { hasPromtool, promtool } from '../support/promtool.js';
import { repository } from '../support/repository.js';
import { unknownIn } from './expressions.js';

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  annotations?: Record<string, string>;
}

const rulesFile = path.join(repository, 'observability/alerts.yml');
const testsFile = path.join(repository, 'test/observe/alerts.test.yml');
const rules = (parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const alerts = rules.flatMap(({ alert }) => alert ?? []);
const recorded = new Map(rules.flatMap(({ record }) => (record ? [[record, ['job']] as const] : [])));

describe('the alert rules for Prometheus', () => {
  test.each(rules.map(({ alert, record, expr }) => [alert ?? record, expr]))(
    '%s asks for metrics and labels that there are',
    (_name, expression) => {
      expect(unknownIn(expression as string, recorded)).toEqual([]);
    },
  );

  test('each says what has happened and what to do', () => {
    for (const { alert, annotations } of rules)
      if (alert)
        expect(annotations).toMatchObject({ summary: expect.any(String), description: expect.any(String) });
  });

  test('each has a test in which it fires, and one in which it does not', () => {
    const { tests } = parse(readFileSync(testsFile, 'utf8')) as {
      tests: { alert_rule_test?: { alertname: string; exp_alerts?: unknown[] }[] }[];
    };
    const expected = tests.flatMap((each) => each.alert_rule_test ?? []);
    const named = (fires: boolean) =>
      new Set(
        expected
          .filter(({ exp_alerts }) => Boolean(exp_alerts?.length) === fires)
          .map((each) => each.alertname),
      );
    expect(named(true)).toEqual(new Set(alerts));
    expect(named(false)).toEqual(new Set(alerts));
  });

  test.runIf(hasPromtool)('promtool finds no fault in the rules', () => {
    expect(promtool(['check', 'rules', rulesFile])).toMatchObject({
      status: 0,
      said: expect.stringContaining('SUCCESS'),
    });
  });

  test.runIf(hasPromtool)('promtool sees each of them fire and not fire', () => {
    const { status, said } = promtool(['test', 'rules', testsFile]);
    expect(said).toContain('SUCCESS');
    expect(status).toBe(0);
  });
});
