import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { repository } from '../support/repository.js';
import { command, createProject, type Project } from './command.js';

const WRANGLER = `{
  // The shop.
  "name": "shop",
  "env": { "staging": { "vars": {}, "kv_namespaces": [] } },
}
`;
const IDS = ['0123456789abcdef0123456789abcdef', 'fedcba9876543210fedcba9876543210'];

let project: Project;
const absolute = (file: string) => path.join(project.dir, file);
const init = (...args: string[]) => command(['init', '--yes', '--no-install', '--cwd', project.dir, ...args]);

/** A wrangler in the project that notes how it was called. */
async function standIn(script: string, version = '4.82.2'): Promise<void> {
  await mkdir(absolute('node_modules/.bin'), { recursive: true });
  await mkdir(absolute('node_modules/wrangler'), { recursive: true });
  await writeFile(absolute('node_modules/wrangler/package.json'), JSON.stringify({ version }));
  await writeFile(
    absolute('node_modules/.bin/wrangler'),
    `#!/bin/sh\necho "$@" >> "${absolute('node_modules/calls')}"\n${script}\n`,
  );
  await chmod(absolute('node_modules/.bin/wrangler'), 0o755);
}
const calls = () => readFile(absolute('node_modules/calls'), 'utf8').catch(() => '');
const telling = `case "$*" in *staging*) id=${IDS[1]};; *) id=${IDS[0]};; esac
echo "🌀 Creating namespace with title \\"x\\""
echo '{ "kv_namespaces": [ { "binding": "shop_PAYLOAD_CACHE", "id": "'$id'" } ] }'`;

beforeEach(async () => {
  project = await createProject({ 'wrangler.jsonc': WRANGLER });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await project.remove();
});

describe('--create-namespace', () => {
  test('creates one for each environment through the project’s wrangler, and remove takes the lines back', async () => {
    await standIn(`${telling}\n[ -z "$CLOUDFLARE_ENV" ] || exit 1`);
    vi.stubEnv('CLOUDFLARE_ENV', 'staging');
    const before = await project.tree();
    const { exitCode, stderr } = await init('--create-namespace');
    expect(exitCode).toBe(0);
    expect(await calls()).toBe(
      'kv namespace create shop-PAYLOAD_CACHE --config wrangler.jsonc\nkv namespace create shop-PAYLOAD_CACHE --config wrangler.jsonc --env staging\n',
    );
    expect(stderr).toContain(`✓ Created the KV namespace staging-shop-PAYLOAD_CACHE: ${IDS[1]}`);
    const text = (await project.tree())['wrangler.jsonc']!;
    expect(text).toContain(`"id": "${IDS[0]}"`);
    expect(text).toContain(`"id": "${IDS[1]}"`);
    expect(text).toContain('// The shop.');
    await command(['remove', '--yes', '--no-install', '--cwd', project.dir]);
    expect(await project.tree()).toEqual(before);
  });

  test('is nothing that a dry run does, and nothing where the binding is there', async () => {
    await standIn(telling);
    const { stdout } = await init('--create-namespace', '--dry-run');
    expect(stdout).toContain('"id": "<the id that wrangler creates>"');
    await init();
    await init('--create-namespace');
    expect(await calls()).toBe('');
  });

  test('writes nothing where wrangler fails, and says what wrangler said', async () => {
    await standIn(
      'printf "✘ [ERROR] A request to the Cloudflare API failed.\\n\\n  A KV namespace with the title \\"shop\\" already exists.\\n" >&2; exit 1',
    );
    const before = await project.tree();
    const { exitCode, stderr } = await init('--create-namespace');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('A KV namespace with the title "shop" already exists. [NAMESPACE_NOT_CREATED]');
    expect(await project.tree()).toEqual(before);
  });
});

test('a file that changes between showing and writing stops the run, and nothing is written', async () => {
  await standIn(
    `echo '// mine' >> "${absolute('src/db.ts')}"; echo '// mine' >> "${absolute('wrangler.jsonc')}"\n${telling}`,
  );
  const { 'src/payload-kv/index.ts': written, ...before } = await project.tree();
  const { exitCode, stderr } = await init('--create-namespace');
  expect([exitCode, written]).toEqual([2, undefined]);
  expect(stderr).toContain('wrangler.jsonc is not what was read');
  expect(stderr).toContain('[CHANGED_ON_DISK]');
  const mine = {
    'wrangler.jsonc': `${WRANGLER}// mine\n// mine\n`,
    'src/db.ts': `${before['src/db.ts']}// mine\n// mine\n`,
  };
  expect(await project.tree()).toEqual({ ...before, ...mine });
});

test('without it, a wrangler that provisions nothing gets a placeholder, which is told', async () => {
  await standIn(telling, '3.99.0');
  const { exitCode, stdout } = await init();
  expect(exitCode).toBe(0);
  expect(stdout).toContain('`npx wrangler kv namespace create PAYLOAD_CACHE --env staging`');
  const text = (await project.tree())['wrangler.jsonc']!;
  expect(text.match(/"id": "<id of: wrangler kv namespace create PAYLOAD_CACHE>"/g)).toHaveLength(2);
});

test('a placeholder is filled in later, without a question about what is answered', async () => {
  await standIn(telling, '3.99.0');
  await init();
  const before = (await project.tree())['wrangler.jsonc']!;
  await init('--create-namespace');
  const placeholder = '<id of: wrangler kv namespace create PAYLOAD_CACHE>';
  expect((await project.tree())['wrangler.jsonc']).toBe(
    before.replace(placeholder, IDS[1]!).replace(placeholder, IDS[0]!),
  );
  expect((await calls()).trim().split('\n')).toHaveLength(2);
});

test('none is created that could not be written into the wrangler config', async () => {
  await standIn(telling);
  await writeFile(absolute('wrangler.jsonc'), '{ "name": "shop", "kv_namespaces": [,] }');
  const { exitCode } = await command([
    'init',
    '--yes',
    '--no-install',
    '--create-namespace',
    '--cwd',
    project.dir,
  ]);
  expect(exitCode).toBe(1);
  expect(await calls()).toBe('');
});

test('a namespace that is bound already is offered, and taken as it is', async () => {
  const wrangler = '{ "name": "shop", "kv_namespaces": [{ "binding": "PAGES", "id": "1" }] }';
  await writeFile(absolute('wrangler.jsonc'), wrangler);
  const answers = [['posts'], [], '5m', [], 'Cloudflare', 'PAGES', 'About', true];
  const { exitCode } = await command(['init', '--no-install', '--cwd', project.dir], {
    terminal: true,
    answers,
  });
  expect(exitCode).toBe(0);
  const tree = await project.tree();
  expect(tree['src/payload-kv/index.ts']).toContain("cloudflareKV({ binding: 'PAGES' })");
  expect(tree['wrangler.jsonc']).toBe(wrangler);
});

describe('with wrangler itself', () => {
  let api: Server;
  const asked: string[] = [];
  beforeEach(async () => {
    api = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        if (request.method === 'POST') asked.push(`${request.url} ${JSON.stringify(JSON.parse(body))}`);
        const result = { id: IDS[0], title: 'x', supports_url_encoding: true };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ success: true, errors: [], messages: [], result }));
      });
    });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    vi.stubEnv(
      'CLOUDFLARE_API_BASE_URL',
      `http://127.0.0.1:${(api.address() as AddressInfo).port}/client/v4`,
    );
    vi.stubEnv('CLOUDFLARE_API_TOKEN', 'a-token');
    vi.stubEnv('CLOUDFLARE_ACCOUNT_ID', 'account');
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await new Promise((resolve) => api.close(resolve));
  });

  test('it is asked of the API, and its answer understood', async () => {
    await writeFile(absolute('wrangler.jsonc'), '{ "name": "shop", "compatibility_date": "2026-01-01" }\n');
    await mkdir(absolute('node_modules/.bin'), { recursive: true });
    for (const name of ['wrangler', '.bin/wrangler'])
      await symlink(path.join(repository, 'node_modules', name), absolute(`node_modules/${name}`));
    const { exitCode, stderr } = await init('--create-namespace');
    expect(stderr).toContain(`✓ Created the KV namespace shop-PAYLOAD_CACHE: ${IDS[0]}`);
    expect(exitCode).toBe(0);
    expect(asked).toEqual([
      '/client/v4/accounts/account/storage/kv/namespaces {"title":"shop-PAYLOAD_CACHE"}',
    ]);
    expect((await project.tree())['wrangler.jsonc']).toBe(
      `{ "name": "shop", "compatibility_date": "2026-01-01", "kv_namespaces": [{ "binding": "PAYLOAD_CACHE", "id": "${IDS[0]}" }] }\n`,
    );
  });
});
