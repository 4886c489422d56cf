import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type LiveView, show } from '../../src/cli/terminal/live.js';
import { progressText } from '../../src/cli/terminal/progress.js';
import { tableLines } from '../../src/cli/terminal/table.js';
import { createTerminal, widthOf } from '../../src/cli/terminal/terminal.js';

beforeEach(() => vi.stubEnv('TERM', 'xterm'));
afterEach(() => vi.unstubAllEnvs());

/** A terminal whose keys can be pressed, and what is on it. */
function desk({ isTTY = true, json = false, columns = 80, rows = 24 } = {}) {
  const stream = () => Object.assign(new PassThrough(), { isTTY, columns, rows });
  const [stdin, stdout, stderr] = [Object.assign(stream(), { setRawMode: vi.fn() }), stream(), stream()];
  let shown = '';
  stdout.on('data', (chunk) => {
    shown += chunk;
  });
  const terminal = createTerminal({ stdin, stdout, stderr, json, env: { NO_COLOR: '1' } });
  return { terminal, stdin, stdout, shown: () => shown };
}

/** Counts how often it was asked, in as many lines. */
function view(lines = 1): LiveView<{ asked: number }> & { asked: number } {
  const counting = {
    asked: 0,
    async ask() {
      counting.asked += 1;
      return { asked: counting.asked };
    },
    draw: ({ asked }: { asked: number }, columns: number) =>
      Array.from({ length: lines }, (_, line) => `frame ${asked} line ${line}`.padEnd(columns, '.')),
    document: (seen: { asked: number }) => seen,
  };
  return counting;
}

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 5_000, interval: 5 });

test('on a terminal each frame is drawn over the one before, and the last one stays', async () => {
  const { terminal, stdin, shown } = desk();
  const running = show(view(), 0.01, terminal);
  await until(() => shown().includes('frame 3'));
  stdin.write('q');
  expect(await running).toBe(0);
  expect(shown().startsWith('\u001b[?1049h\u001b[?25l')).toBe(true);
  const [live = '', left = ''] = shown().split('\u001b[?25h\u001b[?1049l');
  const frames = live.split('\u001b[?2026h').slice(1);
  expect(frames.length).toBeGreaterThanOrEqual(3);
  for (const frame of frames) {
    expect(frame.startsWith('\u001b[H')).toBe(true);
    expect(frame.endsWith('\u001b[J\u001b[?2026l')).toBe(true);
    expect(frame).not.toContain('\u001b[2J');
  }
  expect(left).toMatch(/^frame \d+ line 0\.+\n$/);
  expect(stdin.setRawMode.mock.calls).toEqual([[true], [false]]);
});

test('Ctrl-C ends it, also while an answer is waited for, and the screen is given back', async () => {
  const { terminal, stdin, shown } = desk();
  const slow = view();
  const first = slow.ask;
  slow.ask = () => (slow.asked === 0 ? first() : new Promise(() => undefined));
  const running = show(slow, 0.01, terminal);
  await until(() => shown().includes('frame 1'));
  stdin.write('\u0003');
  expect(await running).toBe(130);
  expect(shown()).toContain('\u001b[?25h\u001b[?1049l');
});

test('no frame is higher or wider than the terminal', async () => {
  const { terminal, stdin, shown } = desk({ columns: 40, rows: 8 });
  const running = show(view(30), 0.01, terminal);
  await until(() => shown().includes('frame 2'));
  stdin.write('q');
  await running;
  const [live = ''] = shown().split('\u001b[?25h');
  for (const frame of live.split('\u001b[?2026h').slice(1)) {
    const rows = stripVTControlCharacters(frame).split('\n');
    expect(rows.length).toBeLessThanOrEqual(8);
    for (const row of rows) expect(widthOf(row)).toBeLessThanOrEqual(40);
    expect(rows.at(-1)).toContain('q ends it');
  }
});

test('an answer that fails is told, and the view goes on with the numbers that it had', async () => {
  const { terminal, stdin, shown } = desk();
  const failing = view();
  const ask = failing.ask;
  failing.ask = async () => {
    const seen = await ask();
    if (seen.asked === 2) throw new Error('It does not answer.\u001b[2J');
    return seen;
  };
  const running = show(failing, 0.01, terminal);
  await until(() => shown().includes('frame 3'));
  stdin.write('q');
  expect(await running).toBe(0);
  expect(shown()).toMatch(/frame 1[\s\S]*! It does not answer\.�\[2J It is asked again\./);
});

test('what fails at first is an error, and the screen is not taken', async () => {
  const { terminal, shown } = desk();
  const failing = { ...view(), ask: () => Promise.reject(new Error('no')) };
  await expect(show(failing, 0.01, terminal)).rejects.toThrow('no');
  expect(shown()).toBe('');
});

test('where there is no terminal one frame follows another, plain, until a signal', async () => {
  const { terminal, shown } = desk({ isTTY: false });
  const running = show(view(), 0.01, terminal);
  await until(() => shown().includes('frame 3'));
  process.emit('SIGINT');
  expect(await running).toBe(130);
  expect(shown()).toMatch(/^frame 1 line 0\.+\n\nframe 2 line 0\.+\n\nframe 3/);
  expect(shown()).not.toContain('\u001b');
});

test('with --json each frame is a document in a line of its own', async () => {
  const { terminal, shown } = desk({ json: true });
  const running = show(view(), 0.01, terminal);
  await until(() => shown().split('\n').length > 3);
  process.emit('SIGINT');
  await running;
  const documents = shown()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(documents.slice(0, 3)).toEqual([{ asked: 1 }, { asked: 2 }, { asked: 3 }]);
});

test('a table fits: the widest column is shortened first, then what can be done without goes', () => {
  const columns = [
    { title: 'name', least: 8 },
    { title: 'query', least: 10 },
    { title: 'count', right: true },
    { title: 'place', dispensable: 1 },
  ];
  const rows = [
    ['a-long-name-of-a-collection', 'title equals, limit 10, locale en', '12,345', 'src/hooks/author.ts:12'],
    ['日本語の投稿', '\u001b[2Jx\ny', '1', ''],
  ];
  for (let width = 20; width <= 120; width++) {
    const lines = tableLines(columns, rows, width);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(widthOf(line), `${width}: ${line}`).toBeLessThanOrEqual(width);
  }
  expect(tableLines(columns, rows, 120)[1]).toContain('src/hooks/author.ts:12');
  expect(tableLines(columns, rows, 50)[0]).not.toContain('place');
  expect(tableLines(columns, rows, 50).join()).toContain('12,345');
});

test('a bar says how far it is, as wide as there is room', () => {
  expect(progressText(5, 10, ', 1 failed')).toBe(`${'█'.repeat(15)}${'░'.repeat(15)} 5 of 10, 1 failed`);
  expect(progressText(0, 0)).toBe(`${'█'.repeat(30)} 0 of 0`);
  expect(progressText(7, undefined, ', 2 failed')).toBe('7, 2 failed');
  for (const columns of [20, 40])
    expect(progressText(999, 1000, '', columns).length).toBeLessThanOrEqual(columns - 4);
});
