/** Profiled requests as one HTML file: tables, without a script, for light and dark, keyboard and screen reader. */
import { counted } from '../../plan/advice/evidence.js';
import { oneLine } from '../terminal/terminal.js';
import { type ProfiledRun, repeatedIn, type Span, totalsOf } from './profiled.js';
import { incompleteNotes, milliseconds, toneOf, totalsLine } from './waterfall.js';

/** Rows of one request. */
const MOST_ROWS = 2_000;

/** What the page is about. */
export interface ProfilePage {
  /** Address without user, password and query. */
  url: string;
  /** When it was made. */
  at: Date;
  runs: readonly ProfiledRun[];
}

const STYLE = `
:root { color-scheme: light dark; background: Canvas; color: CanvasText; --hit: #2e7d32; --miss: #8a5200; --fault: #c62828; --other: #6b7280; --line: #d4d4d8; --link: #1d4ed8; }
@media (prefers-color-scheme: dark) { :root { --hit: #81c784; --miss: #ffb74d; --fault: #ef9a9a; --other: #a1a1aa; --line: #3f3f46; --link: #93c5fd; } }
a:any-link { color: var(--link); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
.scroll { overflow-x: auto; } .scroll:focus-visible { outline: 2px solid; outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: start; padding-block: .5rem; }
th, td { padding: .25rem .75rem .25rem 0; text-align: start; vertical-align: baseline; border-bottom: 1px solid var(--line); }
tbody th { width: 30%; font-weight: normal; overflow-wrap: anywhere; min-width: 16rem; }
.n { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
.o { white-space: nowrap; } .hit { color: var(--hit); } .miss { color: var(--miss); } .fault { color: var(--fault); } .other { color: var(--other); }
td.w { width: 30%; min-width: 12rem; }
svg { display: block; width: 100%; height: 1rem; } rect { fill: currentColor; } .of { opacity: .35; }
`.trim();

/** The page as text. Everything in it that a site has told is escaped. */
export function profilePage({ url, at, runs }: ProfilePage): string {
  const title = `Profile of ${url}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>${escaped(`${counted(runs.length, 'request')}, ${at.toISOString()}.`)}</p>
${runs.length > 1 ? comparedTable(runs) : ''}${runs.map((run, index) => section(run, index, runs.length)).join('\n')}
</main>
</body>
</html>
`;
}

function comparedTable(runs: readonly ProfiledRun[]): string {
  const rows = runs.map((run, index) => {
    const { reads, hits, queries, databaseTime } = totalsOf(run);
    const cells = [run.status, milliseconds(run.duration), reads, hits, queries, milliseconds(databaseTime)];
    const link = `<a href="#request-${index + 1}">Request ${index + 1}</a>`;
    return `<tr><th scope="row">${link}</th>${cells.map((cell) => `<td class="n">${cell}</td>`).join('')}</tr>`;
  });
  const titles = ['Status', 'ms', 'Reads', 'Hits', 'Database queries', 'Database ms'];
  return `<div class="scroll" tabindex="0" role="region" aria-labelledby="compared">
<table>
<caption id="compared">The requests, one after the other</caption>
<thead><tr><th scope="col">Request</th>${titles.map((title) => `<th scope="col" class="n">${title}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>
`;
}

function section(run: ProfiledRun, index: number, count: number): string {
  const id = `request-${index + 1}`;
  const total = Math.max(run.duration, ...run.spans.map(({ start, duration }) => start + duration), 0.001);
  const notes = [
    ...repeatedIn(run).map(({ what, times }) => `${what} was asked ${times} times in this request.`),
    ...run.notes,
    ...incompleteNotes(run),
    ...(run.spans.length > MOST_ROWS
      ? [`The first ${MOST_ROWS} of ${run.spans.length} rows are shown.`]
      : []),
  ];
  const list =
    notes.length > 0
      ? `<ul>\n${notes.map((note) => `<li>${escaped(oneLine(note))}</li>`).join('\n')}\n</ul>\n`
      : '';
  return `<section aria-labelledby="${id}">
<h2 id="${id}">${count > 1 ? `Request ${index + 1}: ` : ''}${run.status} in ${milliseconds(run.duration)} ms</h2>
<p>${escaped(totalsLine(run))}</p>
${list}<div class="scroll" tabindex="0" role="region" aria-labelledby="${id} ${id}-rows">
<table>
<caption id="${id}-rows">What was done, in the order in which it began; of the time, the part of the database is full</caption>
<thead><tr><th scope="col">What</th><th scope="col">Outcome</th><th scope="col" class="n">Began at ms</th><th scope="col" class="n">ms</th><th scope="col" class="n">Database ms</th><th scope="col" class="n">Bytes</th><th scope="col" aria-hidden="true"></th></tr></thead>
<tbody>
${run.spans
  .slice(0, MOST_ROWS)
  .map((span) => row(span, total))
  .join('\n')}
</tbody>
</table>
</div>
</section>`;
}

function row(span: Span, total: number): string {
  const { what, outcome, start, duration, database, bytes, depth } = span;
  const inside = depth > 0 ? ` style="padding-inline-start: ${1.25 * Math.min(depth, 8)}rem"` : '';
  const numbers = [
    milliseconds(start),
    milliseconds(duration),
    database > 0 ? milliseconds(database) : '',
    bytes ?? '',
  ];
  return `<tr><th scope="row"${inside}>${escaped(oneLine(what))}</th><td class="o ${toneOf(span)}">${escaped(oneLine(outcome))}</td>${numbers
    .map((text) => `<td class="n">${text}</td>`)
    .join('')}<td class="w ${toneOf(span)}" aria-hidden="true">${bar(span, total)}</td></tr>`;
}

function bar({ start, duration, database }: Span, total: number): string {
  const share = (value: number) => ((100 * value) / total).toFixed(2);
  const width = Math.max(duration, total / 400);
  const full = Math.min(database, duration);
  const rect = (from: number, length: number, of: string) =>
    length > 0 ? `<rect${of} x="${share(from)}%" y="15%" width="${share(length)}%" height="70%"/>` : '';
  return `<svg focusable="false">${rect(start, width - full, ' class="of"')}${rect(start + width - full, full, '')}</svg>`;
}

/** Text as it may stand in an element and in an attribute. */
function escaped(text: string): string {
  const names: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' };
  return text.replace(/[&<>"']/g, (character) => `&${names[character]};`);
}
