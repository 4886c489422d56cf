import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CheckReport } from '../../src/doctor/check.js';
import { checks } from '../../src/doctor/checks.js';
import { doctorContext } from '../../src/doctor/context.js';
import { wranglerRemote } from '../../src/doctor/remote.js';
import { runChecks } from '../../src/doctor/run-checks.js';
import { PayloadKVError } from '../../src/errors.js';
import { inspectProject } from '../../src/inspect/project.js';
import { command, createProject, type Project } from '../cli/command.js';
import {
  type ApiBinding,
  type ApiFault,
  type CloudflareAPIServer,
  startCloudflareAPI,
} from '../support/cloudflare-api.js';
import { freePort } from '../support/free-port.js';
import { lightWrangler } from '../support/light-wrangler.mjs';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';

const LIVE = '0f2ac74b498b48028cb68387c421e279';
const STAGING = '1f2ac74b498b48028cb68387c421e279';
const OTHER = '2f2ac74b498b48028cb68387c421e279';
const WRAPPER = `import { payloadKV } from 'payload-kv';
import { cloudflareKV, durableObjectRegistry } from 'payload-kv/cloudflare';

export const cache = payloadKV({
  store: cloudflareKV({ binding: 'PAYLOAD_CACHE' }),
  registry: durableObjectRegistry({ binding: 'CACHE_TAGS' }),
});
`;
const kv = (id: string): ApiBinding => ({ type: 'kv_namespace', name: 'PAYLOAD_CACHE', namespace_id: id });
const TAGS: ApiBinding = {
  type: 'durable_object_namespace',
  name: 'CACHE_TAGS',
  class_name: 'CacheTagRegistry',
  namespace_id: '7',
};
const SECRET: ApiBinding = { type: 'plain_text', name: 'VAR', text: 'a-value-that-is-nobodys' };

interface Bindings {
  kv_namespaces: { binding: string; id?: string; preview_id?: string }[];
  [key: string]: unknown;
}
const bindings = (id?: string, more = {}): Bindings => ({
  kv_namespaces: [{ binding: 'PAYLOAD_CACHE', ...(id ? { id } : {}), ...more }],
  durable_objects: { bindings: [{ name: 'CACHE_TAGS', class_name: 'CacheTagRegistry' }] },
});

let api: CloudflareAPIServer;
let project: Project;

beforeEach(async () => {
  api = await startCloudflareAPI();
  for (const [id, title] of [
    [LIVE, 'shop-PAYLOAD_CACHE'],
    [STAGING, 'staging-shop-PAYLOAD_CACHE'],
  ] as const)
    api.namespaces.set(id, { title, values: new Map([['entry', { value: '1', expiresAt: undefined }]]) });
  api.workers.set('shop', [[kv(LIVE), TAGS, SECRET]]);
  api.workers.set('shop-staging', [[kv(STAGING), TAGS]]);
  vi.stubEnv('CLOUDFLARE_API_BASE_URL', api.baseUrl);
  vi.stubEnv('CLOUDFLARE_API_TOKEN', api.apiToken);
  vi.stubEnv('CLOUDFLARE_ACCOUNT_ID', api.accountId);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await api.stop();
  await project?.remove();
});

/** A project with a wrangler config and what speaks to the API. */
async function site(
  config: object = { ...bindings(LIVE), env: { staging: bindings(STAGING) } },
  wrapper = WRAPPER,
): Promise<void> {
  project = await createProject({
    'wrangler.json': JSON.stringify({ name: 'shop', compatibility_date: '2026-01-01', ...config }),
    'src/payload-kv/index.ts': wrapper,
  });
  await light('4.82.2');
}

/** A wrangler that starts fast, see there. */
async function light(version: string, script?: string): Promise<void> {
  const dir = path.join(project.dir, 'node_modules/wrangler');
  await mkdir(path.join(dir, 'bin'), { recursive: true });
  await writeFile(
    path.join(dir, 'package.json'),
    JSON.stringify({ version, bin: { wrangler: './bin/wrangler.mjs' } }),
  );
  const bin = path.join(dir, 'bin/wrangler.mjs');
  if (script === undefined) await cp(path.join(repository, 'test/support/light-wrangler.mjs'), bin);
  else await writeFile(bin, script);
}

const isRemote = ({ id }: { id: string }) => /^(remote|rest)-/.test(id);

/** The checks of what is deployed, in this process. */
async function diagnose(options: { environments?: string[]; patience?: number; isProcess?: boolean } = {}) {
  const context = await doctorContext(inspectProject({ cwd: project.dir }));
  const { root, wrangler } = context.project;
  const { isProcess = false, ...others } = options;
  context.remote = wranglerRemote({
    ...(isProcess ? {} : { start: (args) => lightWrangler(args, root) }),
    root,
    wrangler,
    command: context.command,
    installed: context.findPackage('wrangler'),
    add: 'npm install -D',
    ...others,
  });
  const reports = await runChecks(checks.filter(isRemote), context);
  expect(JSON.stringify(reports)).not.toContain(api.apiToken);
  expect(JSON.stringify(reports)).not.toContain(SECRET.text);
  return Object.fromEntries(reports.map((report) => [report.id, report]));
}

/** How each check ended that did not end well. */
const troubles = (reports: Record<string, CheckReport>) =>
  Object.values(reports)
    .filter(({ status }) => status !== 'ok')
    .map(({ id, status }) => `${id}: ${status}`);

/** Keys that doctor left behind, anywhere. */
const left = () =>
  [...api.namespaces.values()].flatMap(({ values }) => [...values.keys()].filter((key) => key !== 'entry'));
const asked = () =>
  api.requests.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}$/, '…')}`);

describe("with the project's own wrangler", () => {
  beforeEach(async () => {
    await site({ ...bindings(LIVE), env: { staging: bindings(STAGING) } });
    const modules = path.join(project.dir, 'node_modules');
    await removeDirectory(path.join(modules, 'wrangler'));
    await symlink(path.join(repository, 'node_modules/wrangler'), path.join(modules, 'wrangler'));
  });

  test('what is deployed is in order, and nothing is left behind', async () => {
    const { stdout, stderr } = await command([
      'doctor',
      '--remote',
      '--env',
      'staging',
      '--json',
      '--cwd',
      project.dir,
    ]);
    const reports = (JSON.parse(stdout).checks as CheckReport[]).filter(isRemote);
    expect(reports.map(({ id, status, summary }) => `${id} ${status}: ${summary}`)).toEqual([
      'remote-credentials ok: through wrangler 4.82.2; the account has 3 KV namespaces',
      'remote-namespace ok: staging-shop-PAYLOAD_CACHE',
      'remote-binding ok: PAYLOAD_CACHE leads to staging-shop-PAYLOAD_CACHE',
      'remote-durable-object ok: CACHE_TAGS of the class CacheTagRegistry',
      'remote-round-trip ok: put, get and delete in staging-shop-PAYLOAD_CACHE',
    ]);
    expect(asked().filter((request) => request !== 'GET /storage/kv/namespaces')).toEqual([
      'GET /workers/scripts/shop-staging/deployments',
      'GET /workers/scripts/shop-staging/versions/version-0',
      'PUT /values/payload-cache%3Adoctor%3A…',
      'GET /values/payload-cache%3Adoctor%3A…',
      'DELETE /values/payload-cache%3Adoctor%3A…',
    ]);
    expect(api.requests.find(({ method }) => method === 'PUT')?.query.get('expiration_ttl')).toBe('60');
    expect(left()).toEqual([]);
    expect(`${stdout}${stderr}`).not.toContain(api.apiToken);
  });

  test('credentials that are not accepted are one failure; of the rest it is said that it is not checked', async () => {
    api.faultOf = refusal(401, 9109, 'Invalid access token');
    const reports = await diagnose({ environments: ['staging'], isProcess: true });
    expect(troubles(reports)).toEqual([
      'remote-credentials: fail',
      'remote-namespace: warn',
      'remote-binding: warn',
      'remote-durable-object: warn',
      'remote-round-trip: warn',
    ]);
    expect(reports['remote-credentials']).toMatchObject({
      summary: "Cloudflare does not accept wrangler's credentials (Invalid access token [code: 9109])",
      fix: expect.stringContaining('npx wrangler login'),
    });
  });

  test('a token that reads KV alone: the permissions that it lacks', async () => {
    const refuse = refusal(403, 10_000, 'Authentication error');
    api.faultOf = (request) =>
      request.method !== 'GET' || !request.path.includes('/namespaces') ? refuse(request) : undefined;
    const reports = await diagnose({ environments: ['staging'], isProcess: true });
    expect(troubles(reports)).toEqual([
      'remote-binding: warn',
      'remote-durable-object: warn',
      'remote-round-trip: fail',
    ]);
    expect(reports['remote-binding']).toMatchObject({
      summary: expect.stringMatching(/^not checked: .*\[code: 10000\].*lack "Workers Scripts: Read"$/),
      fix: expect.stringContaining('Give the API token the permission "Workers Scripts: Read"'),
    });
    expect(reports['remote-round-trip']).toMatchObject({
      summary: expect.stringContaining('lack "Workers KV Storage: Edit"'),
    });
  });
});

const refusal =
  (status: number, code: number, message: string) =>
  (_request: unknown): ApiFault => ({
    status,
    body: JSON.stringify({ success: false, errors: [{ code, message }], messages: [], result: null }),
  });

describe('the environments', () => {
  test('are all checked, and each is named where there are several', async () => {
    await site();
    const reports = await diagnose();
    expect(troubles(reports)).toEqual([]);
    expect(reports['remote-namespace']?.summary).toBe(
      'at the top level: shop-PAYLOAD_CACHE; in env.staging: staging-shop-PAYLOAD_CACHE',
    );
    // The account is one, so its namespaces are asked for once.
    expect(asked().filter((request) => request === 'GET /storage/kv/namespaces')).toHaveLength(1);
    expect(left()).toEqual([]);
  });

  test('can be named; one that there is not is a wrong flag, and so is --env alone', async () => {
    await site();
    const top = await diagnose({ environments: [''] });
    expect(top['remote-binding']?.summary).toBe('PAYLOAD_CACHE leads to shop-PAYLOAD_CACHE');
    const wrong = await command(['doctor', '--fix', '--remote', '--env', 'stagin', '--cwd', project.dir]);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('wrangler.json has no environment `stagin`. [USAGE]');
    expect(wrong.stderr).toContain('Name one of those that there are: staging.');
    const alone = await command(['doctor', '--env', 'staging', '--cwd', project.dir]);
    expect(alone.exitCode).toBe(2);
    expect(alone.stderr).toContain('--env has a meaning with --remote only');
  });

  test('of different accounts are asked for the namespaces of each', async () => {
    const account = { account_id: api.accountId };
    await site({ ...bindings(LIVE), ...account, env: { staging: { ...bindings(STAGING), ...account } } });
    expect(troubles(await diagnose())).toEqual([]);
    expect(asked().filter((request) => request === 'GET /storage/kv/namespaces')).toHaveLength(2);
  });

  test('that share a namespace share the round trip', async () => {
    await site({ ...bindings(LIVE), env: { staging: bindings(LIVE) } });
    api.workers.set('shop-staging', [[kv(LIVE), TAGS]]);
    expect(troubles(await diagnose())).toEqual([]);
    expect(asked().filter((request) => request.startsWith('PUT'))).toHaveLength(1);
  });
});

test('without --remote nothing is asked, and nothing of it is listed', async () => {
  await site();
  const { stdout } = await command(['doctor', '--json', '--cwd', project.dir]);
  expect((JSON.parse(stdout).checks as CheckReport[]).filter(isRemote)).toEqual([]);
  expect(api.requests).toEqual([]);
});

describe('access', () => {
  beforeEach(() => site(bindings(LIVE)));
  const access = async (options: Parameters<typeof diagnose>[0] = {}) => {
    const reports = await diagnose(options);
    expect(Object.values(reports).map(({ status }) => status)).toEqual([
      'fail',
      'warn',
      'warn',
      'warn',
      'warn',
    ]);
    expect(reports['remote-round-trip']?.summary).toMatch(/^not checked: there is no access to Cloudflare/);
    return reports['remote-credentials']!;
  };

  test.each<[string, ApiFault, string, string]>([
    [
      'a permission that is missing',
      refusal(403, 10_000, 'Authentication error')(0),
      'lack "Workers KV Storage: Read"',
      'Give the API token',
    ],
    [
      'an account that there is not',
      refusal(404, 7003, 'Could not route to x')(0),
      'does not know the account',
      '"account_id"',
    ],
    [
      'too many requests',
      refusal(429, 971, 'Please wait and consider throttling')(0),
      'too many requests',
      'Wait five minutes',
    ],
    [
      'a fault of the server',
      refusal(500, 10_001, 'internal error')(0),
      'could not answer',
      'cloudflarestatus.com',
    ],
    [
      'too many requests, in other words',
      refusal(429, 971, 'Slow down')(0),
      'Slow down',
      'Wait five minutes',
    ],
    ['a status of its own', { status: 520, body: '<html>' }, 'could not answer', 'cloudflarestatus.com'],
    [
      'a page instead of an answer',
      { status: 502, body: '<html>' },
      '502 Bad Gateway',
      'cloudflarestatus.com',
    ],
    ['a connection that breaks', 'reset', 'does not get through to Cloudflare', 'Check the network'],
    [
      'words of a later day',
      refusal(418, 4711, 'a teapot')(0),
      'a teapot [code: 4711]',
      'wrangler kv namespace list',
    ],
  ])('%s', async (_name, fault, summary, fix) => {
    api.faultOf = () => fault;
    const report = await access();
    expect(report.summary).toContain(summary);
    expect(report.fix).toContain(fix);
  });

  test('no network', async () => {
    vi.stubEnv('CLOUDFLARE_API_BASE_URL', `http://127.0.0.1:${await freePort()}`);
    expect((await access()).summary).toBe('`wrangler kv namespace list` does not get through to Cloudflare');
  });

  test('no answer at all', async () => {
    api.faultOf = () => 'hang';
    expect((await access({ isProcess: true, patience: 1_500 })).summary).toBe(
      '`wrangler kv namespace list` had no answer within 1.5 seconds',
    );
  });

  test('no login', async () => {
    vi.stubEnv('CLOUDFLARE_API_TOKEN', '');
    expect(await access()).toMatchObject({
      summary: 'wrangler is not logged in',
      fix: expect.stringContaining('npx wrangler login'),
    });
  });

  test('several accounts', async () => {
    await light(
      '4.82.2',
      fails('More than one account available but unable to select one in non-interactive mode.'),
    );
    expect((await access({ isProcess: true })).fix).toContain('CLOUDFLARE_ACCOUNT_ID');
  });

  test('a server that repeats the token it was sent', async () => {
    api.faultOf = ({ authorization }) => refusal(418, 1, `no ${authorization} here`)(0);
    expect((await access()).summary).toContain('no Bearer [secret] here');
  });

  test('no wrangler', async () => {
    await removeDirectory(path.join(project.dir, 'node_modules'));
    expect(await access()).toMatchObject({
      summary: 'wrangler is not installed in this project',
      fix: 'Run: npm install -D wrangler',
    });
  });

  test('a wrangler that is too old', async () => {
    await light('3.114.1');
    expect(await access()).toMatchObject({
      summary: 'wrangler 3.114.1 is too old: --remote needs 4.0.0 or newer',
      fix: 'Run: npm install -D wrangler@4',
    });
  });

  test.each(['console.log("3 namespaces")', 'console.log("[{}]")'])(
    'a list in other words: %s',
    async (script) => {
      await light('5.0.0', script);
      expect((await access({ isProcess: true })).summary).toBe(
        'What wrangler 5.0.0 answers to `kv namespace list` is not understood',
      );
    },
  );
});

const fails = (message: string) =>
  `console.error(${JSON.stringify(`✘ [ERROR] ${message}`)}); process.exit(1);`;

describe('the namespace', () => {
  test('that the account does not have', async () => {
    await site(bindings(OTHER));
    api.workers.set('shop', [[kv(OTHER), TAGS]]);
    const reports = await diagnose();
    expect(troubles(reports)).toEqual(['remote-namespace: fail', 'remote-round-trip: warn']);
    expect(reports['remote-namespace']).toMatchObject({
      summary: `wrangler.json names ${OTHER}, which the account does not have: it was deleted, or is another account's`,
      fix: expect.stringContaining(`Write the id of the right one: shop-PAYLOAD_CACHE (${LIVE})`),
    });
    expect(reports['remote-namespace']?.fix).toContain('npx wrangler kv namespace create PAYLOAD_CACHE');
    expect(asked().join()).not.toContain('PUT');
  });

  test('without an id is the one that is deployed', async () => {
    await site(bindings());
    const reports = await diagnose();
    expect(troubles(reports)).toEqual([]);
    expect(reports['remote-namespace']?.summary).toBe(
      `shop-PAYLOAD_CACHE (${LIVE}), as deployed: wrangler.json names none`,
    );
    expect(reports['remote-round-trip']?.summary).toBe('put, get and delete in shop-PAYLOAD_CACHE');
  });

  test('without an id, deployed and gone', async () => {
    await site(bindings());
    api.namespaces.delete(LIVE);
    expect((await diagnose())['remote-namespace']).toMatchObject({
      status: 'fail',
      summary: `the deployed Worker has ${LIVE}, which the account does not have any more`,
    });
  });

  test('without an id, and not deployed', async () => {
    await site(bindings());
    api.workers.delete('shop');
    const reports = await diagnose();
    expect(troubles(reports)).toEqual([
      'remote-binding: warn',
      'remote-durable-object: warn',
      'remote-round-trip: warn',
    ]);
    expect(reports['remote-namespace']?.summary).toContain('wrangler creates it at the first deploy');
  });
});

describe('the binding of the deployed Worker', () => {
  const binding = async () => {
    const reports = await diagnose();
    expect(troubles(reports).filter((it) => !it.startsWith('remote-binding'))).toEqual([]);
    return reports['remote-binding']!;
  };

  test('that leads elsewhere than the config says', async () => {
    await site(bindings(LIVE));
    api.namespaces.set(OTHER, { title: 'old', values: new Map() });
    api.workers.set('shop', [[kv(OTHER), TAGS]]);
    expect(await binding()).toMatchObject({
      status: 'fail',
      summary: `PAYLOAD_CACHE leads to old (${OTHER}), wrangler.json names shop-PAYLOAD_CACHE (${LIVE})`,
      fix: expect.stringContaining('Deploy again'),
    });
    // The round trip is made where the site itself puts its entries.
    expect(api.namespaces.get(OTHER)?.values.size).toBe(0);
  });

  test('that leads to the namespace of another environment', async () => {
    await site();
    api.workers.set('shop-staging', [[kv(LIVE), TAGS]]);
    expect(await binding()).toMatchObject({
      status: 'fail',
      summary: expect.stringMatching(
        /^in env.staging: .*, which is that of the top level, wrangler.json names staging-/,
      ),
      details: ['at the top level: PAYLOAD_CACHE leads to shop-PAYLOAD_CACHE'],
    });
  });

  test('that leads to the namespace of previews', async () => {
    await site(bindings(LIVE, { preview_id: STAGING }));
    api.workers.set('shop', [[kv(STAGING), TAGS]]);
    expect((await binding()).summary).toContain(', which is its preview_id, wrangler.json names');
  });

  test('whose namespace previews share', async () => {
    await site(bindings(LIVE, { preview_id: LIVE }));
    expect(await binding()).toMatchObject({
      status: 'warn',
      summary: expect.stringContaining('preview_id of PAYLOAD_CACHE is the namespace of the live site'),
    });
  });

  test.each([
    ['is not there', [TAGS], 'the deployed Worker has no PAYLOAD_CACHE: its cache answers nothing'],
    [
      'is of another kind',
      [TAGS, { type: 'r2_bucket', name: 'PAYLOAD_CACHE' }],
      'PAYLOAD_CACHE is of the type r2_bucket there, no KV namespace',
    ],
  ])('that %s', async (_name, deployed, summary) => {
    await site(bindings(LIVE));
    api.workers.set('shop', [deployed]);
    expect(await binding()).toMatchObject({ status: 'fail', summary });
  });

  test('that one of two deployed versions lacks', async () => {
    await site(bindings(LIVE));
    api.workers.set('shop', [[kv(LIVE), TAGS], [TAGS]]);
    expect((await binding()).summary).toContain('the deployed Worker has no PAYLOAD_CACHE');
  });

  test('that was never deployed is a warning; in one environment of several it is said', async () => {
    await site();
    api.workers.delete('shop-staging');
    const reports = await diagnose();
    expect(troubles(reports)).toEqual([]);
    expect(reports['remote-binding']?.summary).toBe(
      'at the top level: PAYLOAD_CACHE leads to shop-PAYLOAD_CACHE; in env.staging: never deployed',
    );
    api.workers.set('shop', []);
    expect((await diagnose())['remote-binding']).toMatchObject({ status: 'warn', summary: 'never deployed' });
  });
});

test.each([
  ['are missing', [kv(LIVE)], 'the deployed Worker has no CACHE_TAGS'],
  [
    'are of another kind',
    [kv(LIVE), { ...TAGS, type: 'service' }],
    'CACHE_TAGS is of the type service there',
  ],
  [
    'are of another class',
    [kv(LIVE), { ...TAGS, class_name: 'Old' }],
    'CACHE_TAGS is of the class Old there, of CacheTagRegistry in the config',
  ],
])('Durable Objects that %s where the Worker is deployed', async (_name, deployed, summary) => {
  await site(bindings(LIVE));
  api.workers.set('shop', [deployed]);
  const reports = await diagnose();
  expect(troubles(reports)).toEqual(['remote-durable-object: fail']);
  expect(reports['remote-durable-object']).toMatchObject({
    summary,
    fix: expect.stringContaining('Deploy again'),
  });
});

describe('the round trip', () => {
  beforeEach(() => site(bindings(LIVE)));
  const isValue = (method: string) => (request: { method: string; path: string }) =>
    request.method === method && request.path.startsWith('/values/');
  const trip = async () => {
    const reports = await diagnose();
    expect(troubles(reports)).toEqual(['remote-round-trip: fail']);
    return reports['remote-round-trip']!;
  };

  test('in which what was put does not come back', async () => {
    api.faultOf = (request) =>
      isValue('GET')(request) ? refusal(404, 10_009, "get: 'key not found'")(0) : undefined;
    expect((await trip()).summary).toBe('what was put into shop-PAYLOAD_CACHE did not come back');
    expect(left()).toEqual([]);
  });

  test('in which what comes back a moment later counts', async () => {
    let reads = 0;
    api.faultOf = (request) =>
      isValue('GET')(request) && ++reads === 1 ? refusal(404, 10_009, "get: 'key not found'")(0) : undefined;
    expect(troubles(await diagnose())).toEqual([]);
  });

  test.each(['PUT', 'GET'])('in which %s fails: the key is deleted all the same', async (method) => {
    api.faultOf = (request) => (isValue(method)(request) ? { status: 502, body: '<html>' } : undefined);
    expect((await trip()).summary).toContain('502 Bad Gateway');
    expect(asked().at(-1)).toMatch(/^DELETE/);
    expect(left()).toEqual([]);
  });

  test('in which the key stays: it is told, and expires within a minute', async () => {
    api.faultOf = (request) => (isValue('DELETE')(request) ? { status: 502, body: '<html>' } : undefined);
    expect(await trip()).toMatchObject({
      summary: expect.stringMatching(
        /^payload-cache:doctor:\S+ could not be deleted from shop-PAYLOAD_CACHE/,
      ),
      fix: 'It expires within a minute. Run doctor again.',
    });
    expect(left()).toHaveLength(1);
    api.ahead = 60_000;
    const [{ expiresAt = Number.POSITIVE_INFINITY } = {}] = left().flatMap(
      (key) => api.namespaces.get(LIVE)?.values.get(key) ?? [],
    );
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + api.ahead);
  });

  test("whose key begins as the store's keys do", async () => {
    const prefixed = WRAPPER.replace("'PAYLOAD_CACHE' }", "'PAYLOAD_CACHE', prefix: 'shop:' }");
    await writeFile(path.join(project.dir, 'src/payload-kv/index.ts'), prefixed);
    expect(troubles(await diagnose())).toEqual([]);
    expect(asked()).toContain('PUT /values/shop%3Apayload-cache%3Adoctor%3A…');
  });

  test.each(['GET', 'DELETE'])('that is ended by Ctrl-C in %s deletes its key first', async (method) => {
    const doctor = execa(
      process.execPath,
      [path.join(repository, 'bin/payload-kv.js'), 'doctor', '--remote'],
      {
        cwd: project.dir,
        // A process group, which is what a terminal sends the signal to.
        detached: true,
        cleanup: false,
        reject: false,
        stdin: 'ignore',
        env: { NO_COLOR: '1' },
      },
    );
    api.faultOf = (request) => {
      if (!isValue(method)(request)) return undefined;
      api.faultOf = () => undefined;
      process.kill(-doctor.pid!, 'SIGINT');
      return 'hang';
    };
    const { exitCode, stderr } = await doctor;
    expect(stderr).toContain('Cancelled; the key of the round trip is deleted. [CANCELLED]');
    expect(exitCode).toBe(130);
    expect(left()).toEqual([]);
  });
});

describe('cloudflareKVRest', () => {
  const REST = `import { memory, payloadKV, tiered } from 'payload-kv';
import { cloudflareKVRest } from 'payload-kv/cloudflare';
export const cache = payloadKV({ store: tiered(memory(), cloudflareKVRest()) });
`;
  const rest = async (store = 'cloudflareKVRest()') => {
    project = await createProject({
      'src/payload-kv/index.ts': REST.replace('cloudflareKVRest()', store),
    });
    return diagnose();
  };
  beforeEach(() => vi.stubEnv('PAYLOAD_KV_NAMESPACE_ID', api.namespaceId));

  test('is checked with the variables that the store itself reads', async () => {
    const reports = await rest();
    expect(Object.values(reports).map(({ id, status, summary }) => `${id} ${status}: ${summary}`)).toEqual([
      `rest-namespace ok: cache (${api.namespaceId})`,
      'rest-round-trip ok: put, get, list and delete with the credentials of the environment',
    ]);
    expect(left()).toEqual([]);
    expect(asked()).toContain('PUT /bulk');
  });

  test('without --remote is not asked: it is said how', async () => {
    await rest();
    api.forget();
    const context = await doctorContext(inspectProject({ cwd: project.dir }));
    const asking = checks.filter((check) => isRemote(check) || check.id === 'round-trip');
    expect(await runChecks(asking, context)).toMatchObject([
      { id: 'round-trip', status: 'warn', fix: 'Run: npx payload-kv doctor --remote' },
    ]);
    expect(api.requests).toEqual([]);
  });

  test('takes options that are written out, and variables that they name', async () => {
    vi.stubEnv('PAYLOAD_KV_NAMESPACE_ID', '');
    vi.stubEnv('MY_NAMESPACE', api.namespaceId);
    const reports = await rest(
      "cloudflareKVRest({ namespaceId: process.env.MY_NAMESPACE!, prefix: 'shop:' })",
    );
    expect(troubles(reports)).toEqual([]);
    expect(api.requests.find(({ path: of }) => of === '/bulk')?.body).toContain('shop:payload-cache:doctor:');
    vi.stubEnv('MY_NAMESPACE', '');
    expect((await diagnose())['rest-namespace']?.summary).toBe(
      'not checked: MY_NAMESPACE is not set where doctor runs',
    );
  });

  test('with options that are computed, or without variables, is not checked', async () => {
    const computed = await rest('cloudflareKVRest({ namespaceId: idOf(site) })');
    expect(computed['rest-namespace']?.summary).toBe(
      'not checked: namespaceId of cloudflareKVRest at src/payload-kv/index.ts:3 is not written out',
    );
    await project.remove();
    vi.stubEnv('CLOUDFLARE_API_TOKEN', '');
    const reports = await rest();
    expect(troubles(reports)).toEqual(['rest-namespace: warn', 'rest-round-trip: warn']);
    expect(reports['rest-namespace']).toMatchObject({
      summary: 'not checked: cloudflareKVRest lacks apiToken (CLOUDFLARE_API_TOKEN)',
      fix: 'Set the variables for doctor, as for the site.',
    });
  });

  test.each<[string, ApiFault, string]>([
    [
      'a namespace that there is not',
      refusal(404, 10_013, 'namespace not found')(0),
      'PAYLOAD_KV_NAMESPACE_ID',
    ],
    [
      'a permission that is missing',
      refusal(403, 10_000, 'Authentication error')(0),
      '"Workers KV Storage: Edit"',
    ],
    ['too many requests', refusal(429, 971, 'throttling')(0), 'Wait five minutes'],
    ['a fault of the server', refusal(500, 10_001, 'internal error')(0), 'cloudflarestatus.com'],
    ['a connection that breaks', 'reset', 'Check the network'],
  ])('%s', async (_name, fault, fix) => {
    api.faultOf = () => fault;
    const reports = await rest();
    expect(troubles(reports)).toEqual(['rest-namespace: fail', 'rest-round-trip: warn']);
    expect(reports['rest-namespace']?.fix).toContain(fix);
  });

  test('that may read and not write', async () => {
    api.faultOf = ({ method }) =>
      method === 'PUT' ? refusal(403, 10_000, 'Authentication error')(0) : undefined;
    const reports = await rest();
    expect(troubles(reports)).toEqual(['rest-round-trip: fail']);
    expect(reports['rest-round-trip']?.fix).toContain('"Workers KV Storage: Edit"');
  });

  test('whose namespace loses what it is given', async () => {
    api.values.set = () => api.values;
    expect((await rest())['rest-round-trip']).toMatchObject({
      status: 'fail',
      summary: 'what was put did not come back',
    });
  });
});

test('a cache that keeps nothing at Cloudflare has nothing that is remote', async () => {
  await site(
    {},
    "import { memory, payloadKV } from 'payload-kv';\nexport const cache = payloadKV({ store: memory() });\n",
  );
  expect(Object.values(await diagnose())).toMatchObject([
    {
      id: 'remote-credentials',
      status: 'warn',
      summary: 'nothing to check: this cache keeps nothing at Cloudflare',
    },
  ]);
  expect(api.requests).toEqual([]);
});

test('a cancelled check ends the run', async () => {
  await site(bindings(LIVE));
  const cancelled = {
    id: 'x',
    title: 'x',
    run: () => {
      throw new PayloadKVError({ code: 'CANCELLED', message: 'Cancelled.' });
    },
  };
  const context = await doctorContext(inspectProject({ cwd: project.dir }));
  await expect(runChecks([cancelled], context)).rejects.toThrow('Cancelled.');
});
