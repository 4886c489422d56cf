// Writes the dashboard for Grafana, observability/dashboard.json, from the list of metrics.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  LegendDisplayMode,
  LegendPlacement,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { MetricLabel, MetricName } from '../src/runtime/observe/metrics.js';

const file = fileURLToPath(new URL('../observability/dashboard.json', import.meta.url));

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const WINDOW = '$__rate_interval';

type Selected = { [label in MetricLabel]?: string };
type Dimension = MetricLabel | 'instance';

/** The series of a metric that the dashboard's variables choose, and labels: `=` where nothing else is said. */
function series(name: MetricName, selected: Selected = {}, suffix: '' | '_bucket' = ''): string {
  const own = Object.entries(selected).map(([label, value]) =>
    /^(=~|!=)/.test(value) ? `${label}${value.slice(0, 2)}"${value.slice(2)}"` : `${label}="${value}"`,
  );
  return `${name}${suffix}{${['job=~"$job"', 'instance=~"$instance"', ...own].join(', ')}}`;
}

const by = (...labels: readonly Dimension[]): string =>
  labels.length > 0 ? ` by (${labels.join(', ')})` : '';

/** How many there are in a second. */
const rate = (name: MetricName, labels: readonly Dimension[] = [], selected?: Selected): string =>
  `sum${by(...labels)} (rate(${series(name, selected)}[${WINDOW}]))`;

/** How many there were in the time that is shown. */
const inAll = (name: MetricName, selected?: Selected): string =>
  `sum (increase(${series(name, selected)}[$__range]))`;

const sum = (name: MetricName, ...labels: readonly Dimension[]): string =>
  `sum${by(...labels)} (${series(name)})`;

const quantile = (share: number, name: MetricName, labels: readonly Dimension[] = []): string => {
  const buckets = `sum by (${['le', ...labels].join(', ')}) (rate(${series(name, {}, '_bucket')}[${WINDOW}]))`;
  return `histogram_quantile(${share}, ${buckets})`;
};

const LOOKUPS = { outcome: '=~hit|miss|stale' };
const hitRatio = (...labels: readonly Dimension[]): string =>
  `${rate('payload_kv_reads_total', labels, { outcome: 'hit' })} / ${rate('payload_kv_reads_total', labels, LOOKUPS)}`;

/** A query with the text of its legend. */
type Query = readonly [expr: string, legend: string];

const targetsOf = (queries: readonly Query[]) =>
  queries.map(([expr, legend], index) =>
    new DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .datasource(DATASOURCE)
      .expr(expr)
      .legendFormat(legend)
      .range(),
  );

function graph(title: string, description: string, unit: string, ...queries: readonly Query[]) {
  return new TimeSeriesBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .min(0)
    .fillOpacity(10)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .height(8)
    .span(8)
    .targets(targetsOf(queries));
}

const stacked = (panel: TimeSeriesBuilder): TimeSeriesBuilder =>
  panel.fillOpacity(40).stacking(new StackingConfigBuilder().mode(StackingMode.Normal));

function stat(title: string, description: string, unit: string, expr: string) {
  return new StatBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .height(4)
    .span(4)
    .targets(targetsOf([[expr, '']]));
}

function variable(name: 'job' | 'instance', selector: string) {
  return new QueryVariableBuilder(name)
    .label(name)
    .datasource(DATASOURCE)
    .query(`label_values(${selector}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*');
}

const ANY: MetricName = 'payload_kv_start_time_seconds';

/** The dashboard as Grafana imports it. */
export function dashboardText(): string {
  const dashboard = new DashboardBuilder('payload-kv')
    .uid('payload-kv')
    .tags(['payload', 'cache'])
    .description('The cache of a Payload site. Generated: npm run dashboard')
    .refresh('1m')
    .time({ from: 'now-6h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('data source').type('prometheus'))
    .withVariable(variable('job', ANY))
    .withVariable(variable('instance', `${ANY}{job=~"$job"}`))

    .withPanel(stat('Hit ratio', 'Of all lookups.', 'percentunit', hitRatio()))
    .withPanel(stat('Reads', 'In a second.', 'reqps', rate('payload_kv_reads_total')))
    .withPanel(
      stat(
        'Queries saved',
        'That the database was not asked, in the time shown.',
        'short',
        inAll('payload_kv_saved_queries_total'),
      ),
    )
    .withPanel(
      stat(
        'Time saved',
        'Of the database, in the time shown: an estimate.',
        's',
        inAll('payload_kv_saved_seconds_total'),
      ),
    )
    .withPanel(stat('Breakers open', 'Parts given up now.', 'short', sum('payload_kv_breaker_open')))
    .withPanel(
      stat('Late replacements', 'In the time shown.', 'short', inAll('payload_kv_late_replacements_total')),
    )

    .withRow(new RowBuilder('Reads'))
    .withPanel(
      stacked(
        graph('What becomes of reads', 'In a second.', 'reqps', [
          rate('payload_kv_reads_total', ['outcome']),
          '{{outcome}}',
        ]),
      ),
    )
    .withPanel(
      graph('Hit ratio', 'Of the lookups of each collection.', 'percentunit', [
        hitRatio('collection'),
        '{{collection}}',
      ]).max(1),
    )
    .withPanel(
      graph('Misses', 'Lookups without a fresh entry, by collection and operation.', 'reqps', [
        `topk(10, ${rate('payload_kv_reads_total', ['collection', 'operation'], { outcome: '=~miss|stale' })})`,
        '{{collection}} {{operation}}',
      ]),
    )
    .withPanel(
      graph('Bypasses', 'Reads that were not looked up, by reason.', 'reqps', [
        rate('payload_kv_reads_total', ['reason'], { outcome: 'bypass' }),
        '{{reason}}',
      ]),
    )
    .withPanel(
      graph(
        'Database',
        'What was asked for a miss, what others shared, and what was spared.',
        'reqps',
        [rate('payload_kv_fills_total'), 'asked'],
        [rate('payload_kv_shared_answers_total'), 'shared'],
        [rate('payload_kv_saved_queries_total'), 'spared'],
      ),
    )
    .withPanel(
      graph(
        'Not as it should be',
        'Answers that were not fresh, and results that could not be stored.',
        'reqps',
        [rate('payload_kv_served_stale_total', ['reason']), 'not fresh: {{reason}}'],
        [rate('payload_kv_fills_total', ['reason'], { outcome: 'not-kept' }), 'not kept: {{reason}}'],
        [rate('payload_kv_entries_uncacheable_total'), 'uncacheable'],
        [rate('payload_kv_entries_dropped_total'), 'dropped'],
      ),
    )

    .withRow(new RowBuilder('Durations'))
    .withPanel(
      graph(
        'Hits',
        'Of lookups that were answered.',
        's',
        ...([0.5, 0.95, 0.99] as const).map(
          (share): Query => [quantile(share, 'payload_kv_hit_duration_seconds'), `p${100 * share}`],
        ),
      ),
    )
    .withPanel(
      graph('Calls', 'Of store and registry over a network, 95 of 100.', 's', [
        quantile(0.95, 'payload_kv_call_duration_seconds', ['part']),
        '{{part}}',
      ]),
    )
    .withPanel(
      graph(
        'Queries of the database',
        'For reads.',
        's',
        ...([0.5, 0.95, 0.99] as const).map(
          (share): Query => [quantile(share, 'payload_kv_database_duration_seconds'), `p${100 * share}`],
        ),
      ),
    )

    .withRow(new RowBuilder('Writes'))
    .withPanel(
      graph('Invalidations', 'Writes that made entries stale.', 'ops', [
        rate('payload_kv_invalidations_total', ['collection', 'outcome']),
        '{{collection}} {{outcome}}',
      ]),
    )
    .withPanel(
      graph('Late replacements', 'Others may serve what was before.', 'ops', [
        rate('payload_kv_late_replacements_total', ['instance']),
        '{{instance}}',
      ]),
    )
    .withPanel(
      graph('Entries written', 'By collection.', 'ops', [
        rate('payload_kv_entries_written_total', ['collection']),
        '{{collection}}',
      ]),
    )

    .withRow(new RowBuilder('Store and registry'))
    .withPanel(
      graph('Calls', 'Over a network, by how they ended.', 'ops', [
        rate('payload_kv_calls_total', ['part', 'operation', 'outcome']),
        '{{part}} {{operation}} {{outcome}}',
      ]),
    )
    .withPanel(
      graph('Operations', 'What store and registry were asked to do: what a store charges for.', 'ops', [
        rate('payload_kv_operations_total', ['part', 'operation']),
        '{{part}} {{operation}}',
      ]),
    )
    .withPanel(
      graph('Errors', 'That the site went on without.', 'ops', [
        rate('payload_kv_errors_total', ['part', 'reason']),
        '{{part}} {{reason}}',
      ]),
    )
    .withPanel(
      graph('Breakers opened', 'By part.', 'ops', [
        rate('payload_kv_breaker_opened_total', ['part', 'instance']),
        '{{part}} on {{instance}}',
      ]),
    )
    .withPanel(
      graph(
        'Text',
        'Of entries.',
        'Bps',
        [rate('payload_kv_read_bytes_total'), 'read'],
        [rate('payload_kv_written_bytes_total'), 'written'],
      ),
    )
    .withPanel(
      graph(
        'Under way',
        'Entries being written or versions replaced, and queries that others may share.',
        'short',
        [sum('payload_kv_pending', 'instance'), 'pending on {{instance}}'],
        [sum('payload_kv_in_flight', 'instance'), 'in flight on {{instance}}'],
      ),
    )

    .withRow(new RowBuilder('Memory of the processes'))
    .withPanel(
      graph(
        'Entries',
        'In the near tier, of the most that it holds.',
        'percentunit',
        [
          `${sum('payload_kv_near_entries', 'instance')} / ${sum('payload_kv_near_entries_limit', 'instance')}`,
          'entries on {{instance}}',
        ],
        [
          `${sum('payload_kv_near_bytes', 'instance')} / ${sum('payload_kv_near_limit_bytes', 'instance')}`,
          'bytes on {{instance}}',
        ],
      ),
    )
    .withPanel(
      graph('Evictions', 'Entries that gave way to others.', 'ops', [
        rate('payload_kv_near_evictions_total', ['instance']),
        '{{instance}}',
      ]),
    )
    .withPanel(
      graph(
        'Processes',
        'Added up by those that are asked, and for how long they have counted.',
        'short',
        [sum('payload_kv_processes'), 'processes'],
        [`(time() - min (${series('payload_kv_start_time_seconds')})) / 3600`, 'hours'],
      ),
    )
    .build();
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, dashboardText());
