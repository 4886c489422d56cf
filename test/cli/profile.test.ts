import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { profilePage } from '../../src/cli/profile/profile-page.js';
import { type ProfiledRun, spansOf } from '../../src/cli/profile/profiled.js';
import { waterfallLines } from '../../src/cli/profile/waterfall.js';
import { messageReader, type ToldEvent } from '../../src/cli/site/event-stream.js';
import { removeDirectory } from '../support/remove-directory.js';
import { command } from './command.js';
import { type ObservedSite, SECRET, startObservedSite } from './observed-site.js';

const MARKUP = ['<script', '<img', '<b>', '<svg onload'];
/** What moves a terminal's cursor, or turns the direction of its text. */
const CONTROL = ['\u001b[2J', '\u001b]', '\u202e', '\u0007'];
const event = (more: Partial<ToldEvent>): ToldEvent => ({
  type: 'hit',
  time: 1000,
  instance: '1',
  subject: 'collection',
  name: 'posts',
  operation: 'find',
  shape: 'slug equals',
  ...more,
});
const run = (events: ToldEvent[], duration = 100): ProfiledRun => ({
  status: 200,
  duration,
  ...spansOf(events, 1000),
  dropped: 0,
  complete: true,
});

describe('a waterfall', () => {
  test('joins a miss and the query that answers it, and puts reads below their function', () => {
    const { spans } = run([
      event({
        type: 'miss',
        subject: 'function',
        shape: undefined,
        name: 'menu',
        operation: 'cached',
        key: 'f',
        time: 1010,
        duration: 1,
      }),
      event({ type: 'miss', key: 'a', time: 1020, duration: 2 }),
      event({
        type: 'call',
        shape: undefined,
        subject: undefined,
        name: undefined,
        part: 'store',
        operation: 'read',
        time: 1019,
        duration: 1,
      }),
      event({ type: 'fill', key: 'a', time: 1050, duration: 30, outcome: 'kept', bytes: 900 }),
      event({
        type: 'fill',
        subject: 'function',
        shape: undefined,
        name: 'menu',
        operation: 'cached',
        key: 'f',
        time: 1060,
        duration: 50,
        outcome: 'kept',
      }),
      event({ type: 'hit', key: 'b', time: 1080, duration: 0.1 }),
    ]);
    expect(
      spans.map(({ what, outcome, start, duration, database, depth }) => [
        what,
        outcome,
        start,
        duration,
        database,
        depth,
      ]),
    ).toEqual([
      ['function menu', 'miss', 9, 51, 50, 0],
      ['posts find slug equals', 'miss', 18, 32, 30, 1],
      ['store read', 'asked', 18, 1, 0, 2],
      ['posts find slug equals', 'hit', 79.9, 0.1, 0, 0],
    ]);
  });

  test.each([60, 80, 120])('has no row wider than %d columns, whatever is in it', (columns) => {
    const events = Array.from({ length: 30 }, (_, index) =>
      event({
        type: index % 3 === 0 ? 'bypass' : 'hit',
        reason: index % 3 === 0 ? 'unknown-argument' : undefined,
        name: index % 2 === 0 ? 'a-collection-with-a-very-long-name-indeed' : '文章'.repeat(20),
        time: 1000 + index * 3,
        duration: index,
      }),
    );
    const rows = waterfallLines(run(events), columns).filter((line) => line.startsWith('  '));
    expect(rows).toHaveLength(31);
    const wide = (line: string) => [...line].reduce((sum, char) => sum + (/[文章]/.test(char) ? 2 : 1), 0);
    expect(rows.filter((line) => wide(line) > columns)).toEqual([]);
  });

  test('says what was asked again and again', () => {
    const lines = waterfallLines(
      run(Array.from({ length: 7 }, () => event({ type: 'bypass', reason: 'policy', duration: 2 }))),
    );
    expect(lines.join('\n')).toContain('posts find slug equals was asked 7 times in this request.');
    expect(lines.join('\n')).toContain('7 reads: 0 hits, 7 database queries of 14.0 ms in 100 ms.');
  });

  test('and a page of it hold nothing that a site could do harm with', () => {
    const hostile = run([
      event({
        name: '<script>alert(1)</script>',
        shape: '"><img src=x onerror=y>\n\u001b[2J\u202e',
        reason: "'&",
        type: 'bypass',
      }),
      event({ type: 'error', part: undefined, subject: undefined, reason: '<b>\u001b]0;x\u0007' }),
    ]);
    const page = profilePage({ url: 'http://x/<svg onload=z>', at: new Date(0), runs: [hostile, hostile] });
    for (const harm of [...MARKUP, ...CONTROL]) expect(page).not.toContain(harm);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain("default-src 'none'");
    const text = waterfallLines(hostile).join('\n');
    for (const harm of CONTROL) expect(text).not.toContain(harm);
  });
});

test('a stream is read however it is cut', () => {
  const text =
    ': open\n\nevent: hit\ndata: {"a":1}\n\nevent: hit\r\ndata: {"a":\r\ndata: 2}\r\n\r\nevent: bad\ndata: {\n\n: still\n\n';
  for (const length of [1, 3, 1000]) {
    const found: unknown[] = [];
    const read = messageReader(({ kind, data, comment }) => found.push(comment ?? [kind, data]));
    for (let at = 0; at < text.length; at += length) read(text.slice(at, at + length));
    expect(found).toEqual(['open', ['hit', { a: 1 }], ['hit', { a: 2 }], 'still']);
  }
});

describe('profile', () => {
  let site: ObservedSite;
  beforeAll(async () => {
    site = await startObservedSite();
  });
  afterAll(() => site.stop());
  beforeEach(() => {
    vi.stubEnv('PAYLOAD_SECRET', SECRET);
    vi.stubEnv('PAYLOAD_KV_API_KEY', undefined);
    vi.stubEnv('PAYLOAD_KV_SITE_URL', undefined);
  });
  afterEach(() => vi.unstubAllEnvs());

  test('shows each read of a page, first from the database and then from the cache', async () => {
    const html = path.join(tmpdir(), `payload-kv-profile-${process.pid}.html`);
    onTestFinished(() => removeDirectory(html));
    const address = `${site.url}/api/posts?limit=4`;
    const { exitCode, stdout, stderr } = await command(['profile', address, '--times', '3', '--html', html]);
    expect([exitCode, stderr.replace(/.*request \d of 3\s*/gs, '')]).toEqual([0, expect.any(String)]);
    expect(stdout).toMatch(/^Request 1: GET http:\/\/127\.0\.0\.1:\d+\/api\/posts\?… {2}200 in /m);
    expect(stdout).toMatch(/^ {2}posts find _status equals\S* .*miss +[\d.]+/m);
    expect(stdout).toMatch(/^ {2}posts find _status equals\S* .*hit +[\d.]+/m);
    expect(stdout).toMatch(/: \d+ hits, 0 database queries of 0\.00 ms in /);
    expect(stdout.split('\n').filter((line) => line.length > 80 && line.startsWith('  '))).toEqual([]);
    expect(stdout).not.toContain('limit=4');
    const page = await readFile(html, 'utf8');
    expect(page.match(/<section /g)).toHaveLength(3);
    expect(page).toContain('<th scope="row">posts find');
  });

  test('says as JSON what each request came to', async () => {
    const { exitCode, stdout } = await command([
      'profile',
      '/api/globals/header',
      '--url',
      site.url,
      '--json',
    ]);
    expect(exitCode).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ command: 'profile', ok: true, url: `${site.url}/api/globals/header` });
    expect(document.runs[0]).toMatchObject({ status: 200, complete: true, dropped: 0, notes: [] });
    expect(document.runs[0].totals.reads).toBeGreaterThan(0);
    expect(document.runs[0].spans[0]).toMatchObject({
      kind: 'read',
      what: expect.stringContaining('@header'),
    });
  });

  test('takes a path of the site that is named', async () => {
    vi.stubEnv('PAYLOAD_KV_SITE_URL', site.url);
    const { stdout, exitCode } = await command(['profile', '/api/globals/header', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).url).toBe(`${site.url}/api/globals/header`);
  });

  test('without the secret is refused, and another site is no site', async () => {
    vi.stubEnv('PAYLOAD_SECRET', 'another');
    const refused = await command(['profile', `${site.url}/api/posts`]);
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('[SITE_FORBIDDEN]')]);
    const elsewhere = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void elsewhere.close());
    const { port } = elsewhere.address() as AddressInfo;
    const { exitCode, stderr } = await command(['profile', `http://127.0.0.1:${port}/`]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('[SITE_')]);
    expect((await command(['profile', 'nowhere'])).stderr).toContain('[USAGE]');
  });

  test('says where another process has answered', async () => {
    const script =
      "const s = require('node:http').createServer((_, r) => r.end('page')).listen(0, '127.0.0.1', () => console.log(s.address().port))";
    const other = execa(process.execPath, ['-e', script], { reject: false });
    onTestFinished(() => void other.kill());
    const port = await new Promise<string>((resolve) => {
      other.stdout.once('data', (text: Buffer) => resolve(String(text).trim()));
    });
    const { exitCode, stdout } = await command(['profile', `http://127.0.0.1:${port}/`, '--url', site.url]);
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('another one has answered it')]);
  });
});
