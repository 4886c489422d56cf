/** Comes in: real runs of the command line on a real blog. Goes out: an SVG in which they are seen to run. */
import { createBlogDatabase } from './blog.js';
import { createTerminal, record, type TerminalLine } from './recorded-terminal.js';
import { escaped } from './svg.js';

const COLUMNS = 84;
const ROWS = 26;
const LINE = 18;
const CHARACTER = 8.0;
const MARGIN = 16;
/** Longest pause that is shown, in milliseconds: nobody watches a compiler. */
const LONGEST_PAUSE = 700;
/** How long one may read the end of a command, in milliseconds. */
const READING = 2_500;
const COMMANDS = ['init --yes --no-install', 'doctor', 'measure'];
/** How long the last screen stays before all begins again, in milliseconds. */
const LAST = 6_000;

/** Records the commands and draws them. */
export async function drawTerminal(): Promise<string> {
  const blog = await createBlogDatabase();
  const terminal = createTerminal(COLUMNS);
  let clock = 0;
  try {
    for (const command of COMMANDS) {
      const typed = `npx payload-kv ${command}`;
      terminal.write('\x1b[32m$\x1b[39m ', clock);
      clock += 400;
      terminal.write(`\x1b[1m${typed}\x1b[22m\r\n`, clock);
      let last = performance.now();
      await record(typed, { cwd: blog.dir, columns: COLUMNS, rows: ROWS, env: blog.env }, (text) => {
        const now = performance.now();
        clock += Math.min(now - last, LONGEST_PAUSE);
        last = now;
        // A screen that comes at once is read line by line.
        for (const line of text.split(/(?<=\n)/)) {
          clock += 25;
          terminal.write(line.replaceAll(blog.dir, '~/blog'), clock);
        }
      });
      clock += READING;
      terminal.write('\r\n', clock);
    }
  } finally {
    await blog.remove();
  }
  return drawn(terminal.lines(), clock + LAST);
}

function drawn(all: readonly TerminalLine[], length: number): string {
  // What begins with an arrow up or is rewritten never ends later than what follows it.
  const lines = all.slice(0, all.findLastIndex(({ runs }) => runs.some(({ text }) => text.trim())) + 1);
  const width = Math.ceil(COLUMNS * CHARACTER) + 2 * MARGIN;
  const height = ROWS * LINE + 2 * MARGIN;
  const percent = (at: number) => ((100 * at) / length).toFixed(2);
  const shown: string[] = [];
  const scrolls = new Map<string, number>([['0', 0]]);
  const appearances: string[] = [];
  let latest = 0;
  for (const [index, line] of lines.entries()) {
    latest = Math.max(latest, line.at);
    const share = percent(latest);
    const y = MARGIN + (index + 1) * LINE - 5;
    const spans = line.runs
      .map(({ text, style }) => `<tspan${style ? ` class="${style}"` : ''}>${escaped(text)}</tspan>`)
      .join('');
    appearances.push(`@keyframes l${index}{0%{opacity:0}${share}%,100%{opacity:1}}`);
    if (spans)
      shown.push(
        `<text x="${MARGIN}" y="${y}" style="animation-name:l${index}" xml:space="preserve">${spans}</text>`,
      );
    if (index >= ROWS) {
      scrolls.set(share, -(index - ROWS + 1) * LINE);
    }
  }
  const end = -Math.max(0, lines.length - ROWS) * LINE;
  scrolls.set('100', end);
  const scroll = [...scrolls].map(([share, offset]) => `${share}%{transform:translateY(${offset}px)}`);
  const seconds = (length / 1000).toFixed(1);
  const title = `payload-kv in a terminal: ${COMMANDS.join(', ')}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>
text{font:13.3px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#e6edf3;animation-duration:${seconds}s;animation-timing-function:step-end;animation-iteration-count:infinite}
.bold{font-weight:600}.dim{fill:#9198a1}.red{fill:#ff7b72}.green{fill:#3fb950}.yellow{fill:#d29922}.blue{fill:#58a6ff}.magenta{fill:#bc8cff}.cyan{fill:#39c5cf}
#all{animation:scroll ${seconds}s step-end infinite}
@keyframes scroll{${scroll.join('')}}
${appearances.join('\n')}
@media (prefers-reduced-motion:reduce){text{animation:none}#all{animation:none;transform:translateY(${end}px)}}
</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<clipPath id="screen"><rect x="0" y="${MARGIN - 4}" width="${width}" height="${height - 2 * MARGIN + 8}"/></clipPath>
<g clip-path="url(#screen)"><g id="all">
${shown.join('\n')}
</g></g>
</svg>
`;
}
