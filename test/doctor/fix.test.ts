import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readTemplates } from '../../src/cli/package-files.js';
import { run } from '../../src/cli/program.js';
import { readProjectFiles } from '../../src/cli/project-files.js';
import { planFix } from '../../src/doctor/fix-plan.js';
import { inspectProject } from '../../src/inspect/project.js';
import { filesToRead } from '../../src/plan/commands/init-input.js';
import { runCli } from '../support/cli.js';
import { copyFixture, type FixtureName, type ProjectCopy } from '../support/project.js';

const WRAPPER = 'src/payload-kv/index.ts';
const SCHEMA = 'src/payload-kv/schema.generated.ts';
const CONFIG = 'src/payload.config.ts';
const WRANGLER = 'wrangler.jsonc';
const TYPES = 'cloudflare-env.d.ts';
const FILES = [
  WRAPPER,
  SCHEMA,
  CONFIG,
  WRANGLER,
  TYPES,
  'package.json',
  'worker.ts',
  'src/collections/Tags.ts',
];

type Texts = Record<string, string | undefined>;

/** The command in this process, which need not be started. */
async function runHere(args: string[]) {
  const said = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof said) =>
    new Writable({
      write(chunk, _encoding, done) {
        said[name] += String(chunk);
        done();
      },
    });
  const exitCode = await run(args, { stdout: stream('stdout'), stderr: stream('stderr') });
  return { ...said, exitCode };
}

/** A copy of a fixture after `init`, put back as it was after each test. */
function scaffolded(name: FixtureName, ...flags: string[]) {
  let copy: ProjectCopy;
  let initial: Texts;
  const texts = async (): Promise<Texts> =>
    Object.fromEntries(
      await Promise.all(
        FILES.map(async (file) => [file, await copy.read(file).catch(() => undefined)] as const),
      ),
    );
  beforeAll(async () => {
    copy = await copyFixture(name);
    const init = await runCli(['init', '--yes', '--no-install', ...flags], { cwd: copy.dir });
    expect(init.exitCode, init.stderr).toBe(0);
    initial = await texts();
  });
  afterEach(async () => {
    for (const [file, text] of Object.entries(initial)) {
      if (text === undefined) await rm(path.join(copy.dir, file), { force: true });
      else await copy.write(file, text);
    }
  });
  afterAll(() => copy?.remove());
  const doctor = async (...flags: string[]) => {
    const args = ['doctor', '--json', ...flags];
    // Wrangler is asked by a process that only the built package has.
    const { stdout, stderr, exitCode } = await (name === 'blog'
      ? runHere([...args, '--cwd', copy.dir])
      : runCli(args, { cwd: copy.dir }));
    return { document: JSON.parse(stdout), stderr, exitCode };
  };
  return {
    texts,
    doctor,
    get dir() {
      return copy.dir;
    },
    get initial() {
      return initial;
    },
    remove: (file: string) => rm(path.join(copy.dir, file)),
    replace: (file: string, search: string | RegExp, replacement: string) =>
      copy.replace(file, search, replacement),
    /** Repairs, and sees that all is well then and stays so. */
    async repaired(files: string[]) {
      const broken = await texts();
      const { document, exitCode, stderr } = await doctor('--fix', '--yes', '--no-install');
      const failed = document.checks?.filter(({ status }: { status: string }) => status === 'fail');
      expect(failed, stderr).toEqual([]);
      expect(exitCode).toBe(0);
      expect(document).toMatchObject({ ok: true, written: true, refusals: [] });
      expect(document.changes.map(({ path }: { path: string }) => path)).toEqual(files);
      const now = await texts();
      // Nothing but what was shown was written, and it is what was shown.
      for (const { path, content } of document.changes) expect(now[path]).toBe(content);
      for (const file of FILES.filter((each) => !files.includes(each))) expect(now[file]).toBe(broken[file]);
      const second = await doctor('--fix', '--yes', '--no-install');
      expect(second.document).toMatchObject({ ok: true, written: false, changes: [] });
      expect(await texts()).toEqual(now);
      return now;
    },
  };
}

describe('doctor --fix on the blog', () => {
  const blog = scaffolded('blog');

  test('changes nothing where nothing is wrong', async () => {
    const { stdout, exitCode } = await runCli(['doctor', '--fix'], { cwd: blog.dir });
    expect(stdout).toContain('There is nothing that doctor itself would repair.');
    expect(stdout).toContain('12 checks: 12 ok');
    expect(exitCode).toBe(0);
    expect(await blog.texts()).toEqual(blog.initial);
  });

  test('writes a generated schema that is missing', async () => {
    await blog.remove(SCHEMA);
    await blog.repaired([SCHEMA]);
  });

  test('leaves alone what no check finds fault with', async () => {
    await blog.remove(SCHEMA);
    // `init` would write the scripts anew: here somebody has other ones.
    await blog.replace('package.json', /"([\w:-]+)": "payload-kv /g, '"my-$1": "payload-kv ');
    await blog.repaired([SCHEMA]);
  });

  test('brings the generated schema into step', async () => {
    await blog.replace(
      'src/collections/Tags.ts',
      'fields: [',
      "fields: [{ name: 'icon', type: 'upload', relationTo: 'media' }, ",
    );
    const now = await blog.repaired([SCHEMA]);
    expect(now[SCHEMA]).toContain('icon');
  });

  test('puts the cache into the config again, and remove takes it out as ever', async () => {
    await blog.replace(CONFIG, /^\s*plugins: \[cache\],\n/m, '');
    const now = await blog.repaired([CONFIG]);
    expect(now[CONFIG]).toContain('plugins: [cache]');
    const removed = await runCli(['remove', '--dry-run', '--json'], { cwd: blog.dir });
    const { changes, refusals } = JSON.parse(removed.stdout);
    expect(refusals).toEqual([]);
    const config = changes.find((change: { path: string }) => change.path === CONFIG);
    expect(config.content).not.toContain('cache');
  });

  test('adds the dependency', async () => {
    await blog.replace('package.json', /\s*"payload-kv": "[^"]*",?/, '');
    await blog.replace('package.json', /,(\s*\})/g, '}');
    const now = await blog.repaired(['package.json', SCHEMA]);
    expect(JSON.parse(now['package.json']!).dependencies['payload-kv']).toMatch(/^\^/);
  });

  test('repairs several things at once', async () => {
    await blog.replace(CONFIG, /^\s*plugins: \[cache\],\n/m, '');
    await blog.remove(SCHEMA);
    await blog.repaired([SCHEMA, CONFIG]);
  });

  test('with --dry-run shows the diff, says how it is, and writes nothing', async () => {
    await blog.remove(SCHEMA);
    const before = await blog.texts();
    const { stdout, exitCode } = await runCli(['doctor', '--fix', '--dry-run', '--diff'], { cwd: blog.dir });
    expect(stdout).toContain(`+++ b/${SCHEMA}`);
    expect(stdout).toContain('Dry run: nothing was written.');
    expect(stdout).toContain(`✗ Generated files: ${SCHEMA} is missing`);
    expect(exitCode).toBe(1);
    const { document } = await blog.doctor('--fix', '--dry-run');
    expect(document).toMatchObject({
      ok: false,
      written: false,
      changes: [{ path: SCHEMA, action: 'create' }],
    });
    expect(await blog.texts()).toEqual(before);
  });

  test('writes nothing where nobody agreed to it', async () => {
    await blog.remove(SCHEMA);
    const before = await blog.texts();
    const { document, exitCode } = await blog.doctor('--fix');
    expect(exitCode).toBe(2);
    expect(document).toMatchObject({ ok: false, error: { code: 'MISSING_ANSWERS' } });
    expect(await blog.texts()).toEqual(before);
  });

  test('leaves what asks for a decision to the person, with its named fix', async () => {
    await blog.replace(WRAPPER, /^(\s*)posts: \{/m, '    articles: {},\n    posts: {');
    await blog.replace(SCHEMA, "'en'", "'fr'");
    const before = await blog.texts();
    const { document, exitCode } = await blog.doctor('--fix', '--yes');
    expect(exitCode).toBe(1);
    expect(document).toMatchObject({ ok: false, written: false, changes: [] });
    const policy = document.checks.find(({ id }: { id: string }) => id === 'policy');
    expect(policy.fix).toContain('Remove `articles`');
    expect(await blog.texts()).toEqual(before);
  });

  test('does not decide for init what is to be cached', async () => {
    await blog.remove(WRAPPER);
    const { document } = await blog.doctor('--fix', '--yes');
    expect(document).toMatchObject({ ok: false, changes: [] });
    const files = document.checks.find(({ id }: { id: string }) => id === 'generated-files');
    expect(files.fix).toBe('Run: npx payload-kv init');
  });

  test.each(['--yes', '--dry-run', '--no-install'])(
    '%s means nothing without --fix, which is said',
    async (flag) => {
      const { document, exitCode } = await blog.doctor(flag);
      expect(exitCode).toBe(2);
      expect(document.error.message).toContain(`${flag} has a meaning with --fix only`);
    },
  );
});

describe('doctor --fix on the cloudflare project', () => {
  const site = scaffolded('cloudflare');

  test('adds the binding and its type, wherever they are missing', async () => {
    await site.replace(WRANGLER, /\{\s*"binding": "PAYLOAD_CACHE",?\s*\},?/, '');
    await site.replace(TYPES, /\s*PAYLOAD_CACHE: KVNamespace;/g, '');
    const now = await site.repaired([TYPES, SCHEMA, WRANGLER]);
    expect(now[WRANGLER]!.match(/"PAYLOAD_CACHE"/g)).toHaveLength(2);
    expect(now[TYPES]).toContain('PAYLOAD_CACHE: KVNamespace;');
  });

  test('adds no binding beside one of another name, which may be the same, and says who decides', async () => {
    await site.replace(WRANGLER, /"binding": "PAYLOAD_CACHE"/g, '"binding": "PAGES"');
    const project = inspectProject({ cwd: site.dir });
    const input = {
      project,
      files: readProjectFiles(project.root, filesToRead(project)),
      templates: readTemplates(),
      packageRange: '^0.1.0',
      wranglerProvisions: true,
    };
    const found = ['wrangler-binding', 'binding-names'].map((id) => ({
      id,
      title: id,
      status: 'fail' as const,
      summary: '',
    }));
    const { changes, notices } = planFix(input, found);
    expect(changes).toEqual([]);
    expect(notices).toEqual([expect.stringContaining('`payload-kv init --binding PAGES`')]);
  });

  test('shows the lines to paste where the binding cannot be added safely', async () => {
    const before = await site.texts();
    await site.replace(WRANGLER, /^\{/, '{ "kv_namespaces": [],, ');
    const broken = await site.texts();
    const { document, exitCode } = await site.doctor('--fix', '--yes');
    expect(exitCode).toBe(1);
    expect(document).toMatchObject({ ok: false, written: false, changes: [] });
    expect(await site.texts()).toEqual(broken);
    expect(before[WRANGLER]).not.toBe(broken[WRANGLER]);
  });
});

describe('doctor --fix on the cloudflare project with Durable Objects', () => {
  const site = scaffolded('cloudflare', '--registry', 'durable-object');

  test('binds them again, and lets the main module export their class', async () => {
    await site.replace(WRANGLER, '"name": "CACHE_TAGS"', '"name": "OTHER"');
    await site.replace('worker.ts', /^export \{ CacheTagRegistry.*$/m, '');
    const now = await site.repaired([SCHEMA, 'worker.ts', WRANGLER]);
    expect(now['worker.ts']).toContain("export { CacheTagRegistry } from 'payload-kv/cloudflare'");
    expect(now[WRANGLER]).toContain('"name": "CACHE_TAGS"');
  });
});
