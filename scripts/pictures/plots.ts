/** Comes in: what `npm run bench gains` measured of the real site. Goes out: its plots. */
import { existsSync, readFileSync } from 'node:fs';
import { GAINS_FILE, type Gain } from '../../bench/gains.js';
import { classOf, escaped, picture, type Way } from './svg.js';

const WAY_TITLES: Record<Way, string> = {
  without: 'without',
  queries: 'queries cached',
  functions: 'functions too',
  pages: 'pages too',
  responses: 'responses cached',
  'in front': 'in front of Next',
};
const WAYS = Object.keys(WAY_TITLES) as Way[];
const WIDTH = 760;
const LEFT = 262;
const RIGHT = 70;

/** The measured figures. */
export function readGains(): Gain[] {
  if (!existsSync(GAINS_FILE))
    throw new Error(
      `${GAINS_FILE} is not there: run \`npm run bench gains\` first, on a machine that does nothing else.`,
    );
  return (JSON.parse(readFileSync(GAINS_FILE, 'utf8')) as { gains: Gain[] }).gains;
}

/** Database calls of a warm request, without the cache and with it. */
export function drawCalls(gains: readonly Gain[]): string {
  const delay = Math.min(...gains.map((gain) => gain.delay));
  const of = (page: string, way: Way) =>
    gains.find((gain) => gain.page === page && gain.way === way && gain.delay === delay);
  const pages = [...new Set(gains.map(({ page }) => page))];
  const most = Math.max(...gains.map(({ calls }) => calls));
  const scale = (WIDTH - LEFT - RIGHT) / most;
  const rows = pages.map((page, index) => {
    const y = 62 + index * 44;
    const bars = (['without', 'queries'] as const).map((way, place) => {
      const calls = of(page, way)?.calls ?? 0;
      const top = y + place * 17;
      return `<rect class="${classOf(way)}" x="${LEFT}" y="${top}" width="${Math.max(1, calls * scale).toFixed(1)}" height="14" rx="2"/>
<text class="small" x="${(LEFT + calls * scale + 6).toFixed(1)}" y="${top + 11}">${calls}</text>`;
    });
    return `<text class="end" x="${LEFT - 12}" y="${y + 20}">${escaped(page)}</text>\n${bars.join('\n')}`;
  });
  return picture(
    { width: WIDTH, height: 62 + pages.length * 44 + 10 },
    'Calls of the database for one warm request, without the cache and with it',
    `<text class="head" x="16" y="26">Database calls of one warm request</text>
${legend(['without', 'queries'], 46)}
${rows.join('\n')}`,
  );
}

/** Latency by percentile, on a logarithmic scale: one panel for each page. */
export function drawLatency(gains: readonly Gain[]): string {
  const delay = Math.max(...gains.map((gain) => gain.delay));
  const shown = gains.filter((gain) => gain.delay === delay);
  const pages = [...new Set(shown.map(({ page }) => page))];
  const points = ['p50', 'p95', 'p99'] as const;
  const values = shown.flatMap((gain) => points.map((point) => gain[point]));
  const low = Math.log10(Math.min(...values) * 0.8);
  const high = Math.log10(Math.max(...values) * 1.2);
  const panel = { width: 240, height: 190 };
  const ticks = [0.1, 1, 10, 100, 1000, 10_000].filter(
    (tick) => Math.log10(tick) >= low && Math.log10(tick) <= high,
  );
  const panels = pages.map((page, index) => {
    const x0 = 16 + (index % 3) * (panel.width + 4) + 40;
    const y0 = 76 + Math.floor(index / 3) * (panel.height + 20);
    const w = panel.width - 66;
    const h = panel.height - 50;
    const x = (place: number) => x0 + (place * w) / (points.length - 1);
    const y = (value: number) => y0 + 20 + h - ((Math.log10(value) - low) / (high - low)) * h;
    const grid = ticks.map(
      (
        tick,
      ) => `<line class="rule" x1="${x0}" x2="${x0 + w}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}"/>
<text class="small mute end" x="${x0 - 6}" y="${(y(tick) + 4).toFixed(1)}">${tick} ms</text>`,
    );
    const lines = WAYS.flatMap((way) => {
      const gain = shown.find((each) => each.page === page && each.way === way);
      if (!gain) return [];
      const path = points.map((point, place) => `${x(place).toFixed(1)},${y(gain[point]).toFixed(1)}`);
      const dots = path.map((place) => {
        const [cx, cy] = place.split(',');
        return `<circle class="${classOf(way)}" cx="${cx}" cy="${cy}" r="3"/>`;
      });
      return [`<polyline class="${classOf(way)} line" points="${path.join(' ')}"/>`, ...dots];
    });
    const names = points.map(
      (point, place) =>
        `<text class="small mute middle" x="${x(place).toFixed(1)}" y="${y0 + h + 38}">${point}</text>`,
    );
    return [
      `<text class="small" x="${x0 - 40}" y="${y0 + 4}">${escaped(page)}</text>`,
      ...grid,
      ...lines,
      ...names,
    ].join('\n');
  });
  const height = 76 + Math.ceil(pages.length / 3) * (panel.height + 20);
  return picture(
    { width: 780, height },
    'Latency by percentile, for each page and each way of caching',
    `<text class="head" x="16" y="26">Latency under load, the database ${delay} ms away</text>
${legend(WAYS, 48)}
${panels.join('\n')}`,
  );
}

function legend(ways: readonly Way[], y: number): string {
  return ways
    .map(
      (
        way,
        index,
      ) => `<rect class="${classOf(way)}" x="${16 + index * 124}" y="${y - 10}" width="11" height="11" rx="2"/>
<text class="small" x="${33 + index * 124}" y="${y}">${WAY_TITLES[way]}</text>`,
    )
    .join('\n');
}
