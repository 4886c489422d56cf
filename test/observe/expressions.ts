import { parser } from '@prometheus-io/lezer-promql';
import { METRICS } from '../../src/runtime/observe/metrics.js';

/** Labels that Prometheus gives to all that it scrapes. */
const OF_PROMETHEUS = ['job', 'instance'];

/** What an expression of PromQL names. */
export interface Named {
  selectors: { metric: string; labels: string[] }[];
  /** Labels that something is grouped by. */
  grouped: string[];
}

/**
 * Reads an expression. Throws at what is none.
 *
 * @param expression may hold variables of Grafana
 */
export function namedIn(expression: string): Named {
  const text = expression.replace(/\$__(rate_interval|range|interval)/g, '5m');
  const tree = parser.parse(text);
  const named: Named = { selectors: [], grouped: [] };
  const textOf = ({ from, to }: { from: number; to: number }): string => text.slice(from, to);
  tree.iterate({
    enter({ name, node, type, from }) {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${text}`);
      if (name === 'VectorSelector') {
        const metric = node.getChild('Identifier');
        const labels: string[] = [];
        node.cursor().iterate((child) => {
          if (child.name === 'LabelName') labels.push(textOf(child));
        });
        named.selectors.push({ metric: metric ? textOf(metric) : '', labels });
      }
      if (name === 'GroupingLabels')
        named.grouped.push(...node.getChildren('LabelName').map((label) => textOf(label)));
    },
  });
  return named;
}

/** What an expression names that there is not. `recorded` are the names of recording rules, with their labels. */
export function unknownIn(
  expression: string,
  recorded: ReadonlyMap<string, readonly string[]> = new Map(),
): string[] {
  const { selectors, grouped } = namedIn(expression);
  const unknown: string[] = [];
  const all = new Set<string>([...OF_PROMETHEUS]);
  for (const { metric, labels } of selectors) {
    const own = labelsOf(metric) ?? recorded.get(metric);
    if (!own) unknown.push(metric);
    const known = [...(own ?? []), ...OF_PROMETHEUS];
    for (const label of known) all.add(label);
    unknown.push(...labels.filter((label) => !known.includes(label)).map((label) => `${metric}{${label}}`));
  }
  // Of a query with several metrics all have the labels that it groups by, or the join finds nothing.
  unknown.push(...grouped.filter((label) => !all.has(label)));
  if (selectors.length === 0) unknown.push('no metric at all');
  return unknown;
}

function labelsOf(name: string): string[] | undefined {
  const plain = METRICS.find((metric) => metric.name === name && metric.type !== 'histogram');
  if (plain) return [...plain.labels];
  const [, of, suffix] = /^(.*)(_bucket|_sum|_count)$/.exec(name) ?? [];
  const histogram = METRICS.find((metric) => metric.name === of && metric.type === 'histogram');
  return histogram && [...histogram.labels, ...(suffix === '_bucket' ? ['le'] : [])];
}
