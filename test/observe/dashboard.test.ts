import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { dashboardText } from '../../scripts/dashboard.js';
import { METRICS } from '../../src/runtime/observe/metrics.js';
import { repository } from '../support/repository.js';
import { namedIn, unknownIn } from './expressions.js';

interface Panel {
  id?: number;
  type: string;
  title: string;
  gridPos?: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; legendFormat: string }[];
  panels?: Panel[];
}

const shipped = readFileSync(path.join(repository, 'observability/dashboard.json'), 'utf8');
const { panels } = JSON.parse(shipped) as { panels: Panel[] };
const all = panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
const shown = all.filter(({ type }) => type !== 'row');
const expressions = shown.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);

describe('the dashboard for Grafana', () => {
  test('is what `npm run dashboard` makes of the list of metrics', () => {
    expect(shipped).toBe(dashboardText());
  });

  test.each(expressions)('%s asks for metrics and labels that there are: %s', (_title, expression) => {
    expect(unknownIn(expression)).toEqual([]);
  });

  test('a metric, a label or a syntax that there is not is found', () => {
    expect(unknownIn('rate(payload_kv_reads[5m])')).toEqual(['payload_kv_reads']);
    expect(unknownIn('payload_kv_reads_total{key="a"}')).toEqual(['payload_kv_reads_total{key}']);
    expect(unknownIn('sum by (key) (payload_kv_reads_total)')).toEqual(['key']);
    expect(unknownIn('payload_kv_hit_duration_seconds')).toEqual(['payload_kv_hit_duration_seconds']);
    expect(() => unknownIn('sum by (outcome) (rate(payload_kv_reads_total[5m])')).toThrow('no PromQL');
  });

  test('every metric is shown', () => {
    const used = new Set(
      expressions.flatMap(([, expression]) => namedIn(expression).selectors.map((each) => each.metric)),
    );
    const names = METRICS.map(({ name, type }) => (type === 'histogram' ? `${name}_bucket` : name));
    expect(names.filter((name) => !used.has(name))).toEqual([]);
  });

  test('legends name labels that the query leaves', () => {
    for (const { targets = [] } of shown) {
      for (const { expr, legendFormat } of targets) {
        const wanted = [...(legendFormat ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(
          ([, label]) => label as string,
        );
        expect(
          wanted.filter((label) => !namedIn(expr).grouped.includes(label)),
          expr,
        ).toEqual([]);
      }
    }
  });

  test('panels have titles and places that do not overlap', () => {
    const taken = new Set<string>();
    for (const { title, gridPos } of shown) {
      expect(title).not.toBe('');
      const { x, y, w, h } = gridPos!;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++)
        for (let row = y; row < y + h; row++) {
          expect(taken, `${title} at ${column},${row}`).not.toContain(`${column},${row}`);
          taken.add(`${column},${row}`);
        }
    }
  });
});
