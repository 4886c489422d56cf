/** The report: one HTML file that needs no other, for a browser in light or dark. */
import type { WrittenFile } from './commands.js';
import {
  API_NAMES,
  distanceText,
  hitsText,
  inOrder,
  KV_PUBLISHED_MS,
  KV_SOURCE,
  number,
  percent,
  STORE_NAMES,
  savedShare,
} from './lines.js';
import type { Measurement } from './measurement.js';

/** Something that the demo says about the cache, and whether it was seen to be so. */
export interface Claim {
  claim: string;
  holds: boolean;
}

/** What a report is made of. */
export interface ReportInput {
  measurements: readonly Measurement[];
  claims: readonly Claim[];
  /** What `init` wrote for the store in memory. */
  files: readonly WrittenFile[];
  databaseMs: number;
  kvMs: number;
  posts: number;
  seconds: number;
  /** When and with what it was measured. */
  at: Date;
  platform: string;
}

/** The report as the text of an HTML file. It is well-formed XML as well. */
export function reportHtml(input: ReportInput): string {
  const { measurements, claims, files, databaseMs, kvMs, posts, seconds, at, platform } = input;
  const rows = inOrder(measurements);
  const farthest = (row: Measurement) => row.times.find((times) => times.databaseMs === databaseMs);
  const broken = claims.filter(({ holds }) => !holds).length;
  const [from, to] = KV_PUBLISHED_MS;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<title>payload-kv: what the cache saves</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>What the cache saves</h1>
<p>A Payload blog of ${posts} posts on SQLite, without a cache and with payload-kv. Measured on ${escaped(at.toISOString())} with ${escaped(platform)}, in ${number(seconds)} seconds.</p>

<h2>Database calls per page view</h2>
${bars(rows, (row) => row.hotDatabaseCallsPerView, '')}
<p>For pages that were viewed before. The first view of a page fills the cache: see the table.</p>

<h2>Time per page view, ${escaped(distanceText(databaseMs))}</h2>
${bars(rows, (row) => farthest(row)?.p50 ?? Number.NaN, ' ms')}
<p>The median, for pages that were viewed before. The round trips are assumed, everything else is measured: each database call waits ${databaseMs} ms, each KV call ${kvMs} ms. Cloudflare says that keys which are read often typically take ${from} to ${to} ms: <a href="${escaped(KV_SOURCE)}">${escaped(KV_SOURCE)}</a></p>

<h2>All numbers</h2>
<div class="wide">
<table>
<thead><tr><th scope="col">read by</th><th scope="col">cached in</th><th scope="col">calls, first view</th><th scope="col">calls, next views</th><th scope="col">SQL statements, next views</th><th scope="col">calls saved</th><th scope="col">hits</th>${(
    rows[0]?.times ?? []
  )
    .map((times) => `<th scope="col">${escaped(distanceText(times.databaseMs))}: p50 / p95</th>`)
    .join('')}</tr></thead>
<tbody>
${rows.map((row) => tableRow(row, measurements)).join('\n')}
</tbody>
</table>
</div>

<h2>What init wrote</h2>
${files.map(fileDetails).join('\n')}

<h2>What was checked</h2>
<p>${broken === 0 ? `All ${claims.length} hold.` : `${broken} of ${claims.length} do not hold.`}</p>
<ul>
${claims.map(({ claim, holds }) => `<li class="${holds ? 'holds' : 'broken'}">${holds ? '✓' : '✗ not so:'} ${escaped(claim)}</li>`).join('\n')}
</ul>
</main>
</body>
</html>
`;
}

/** A group of bars for each way of reading. */
function bars(rows: readonly Measurement[], value: (row: Measurement) => number, unit: string): string {
  const longest = Math.max(...rows.map(value));
  return [...new Set(rows.map(({ api }) => api))]
    .map((api) => {
      const ofApi = rows.filter((row) => row.api === api);
      return `<h3>${API_NAMES[api]}</h3>
<dl class="bars">
${ofApi
  .map((row) => {
    const share = longest > 0 ? (value(row) / longest) * 100 : 0;
    return `<dt>${STORE_NAMES[row.store]}</dt><dd><span class="track"><span class="bar ${row.store === 'none' ? 'before' : 'after'}" style="width: ${share.toFixed(1)}%"></span></span><span class="value">${number(value(row))}${unit}</span></dd>`;
  })
  .join('\n')}
</dl>`;
    })
    .join('\n');
}

function tableRow(row: Measurement, measurements: readonly Measurement[]): string {
  const cells = [
    number(row.coldDatabaseCallsPerView),
    number(row.hotDatabaseCallsPerView),
    number(row.hotStatementsPerView),
    row.store === 'none' ? '' : percent(savedShare(row, measurements)),
    hitsText(row),
    ...row.times.map(({ p50, p95 }) => `${number(p50)} / ${number(p95)} ms`),
  ];
  return `<tr><th scope="row">${API_NAMES[row.api]}</th><th scope="row">${STORE_NAMES[row.store]}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
}

function fileDetails({ path, action, added, removed, diff, generated }: WrittenFile): string {
  return `<details${generated ? '' : ' open="open"'}><summary>${escaped(`${action} ${path}, +${added} −${removed}`)}</summary><pre>${escaped(diff)}</pre></details>`;
}

/** Text for an element or an attribute: nothing in it is markup, and nothing that XML forbids. */
export function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

// Each pair of text and ground has a contrast of 4.5 or more, in light and in dark.
const STYLE = `
:root { --ground: #ffffff; --text: #1f2328; --quiet: #57606a; --line: #d0d7de; --track: #eaeef2; --before: #b35900; --after: #116329; --link: #0550ae; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0d1117; --text: #e6edf3; --quiet: #9da7b3; --line: #30363d; --track: #21262d; --before: #f0883e; --after: #3fb950; --link: #79c0ff; }
}
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.75rem; } h2 { margin-top: 2.5rem; font-size: 1.25rem; } h3 { margin: 1rem 0 0.25rem; font-size: 1rem; }
a { color: var(--link); overflow-wrap: anywhere; }
.bars { display: grid; grid-template-columns: 8rem 1fr; gap: 0.35rem 0.75rem; margin: 0; }
.bars dd { display: flex; align-items: center; gap: 0.75rem; margin: 0; }
.track { flex: 1; height: 1.1rem; background: var(--track); }
.bar { display: block; height: 100%; } .before { background: var(--before); } .after { background: var(--after); }
.value { min-width: 5rem; text-align: right; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.35rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: bottom; }
th[scope="row"] { text-align: left; font-weight: 400; white-space: nowrap; } thead th { color: var(--quiet); font-weight: 600; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid var(--line); font: 0.8125rem/1.45 ui-monospace, monospace; }
summary { cursor: pointer; } ul { padding-left: 0; list-style: none; }
.broken { color: var(--before); font-weight: 600; }
`;
