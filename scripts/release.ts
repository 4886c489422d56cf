// Prepares a release: `npm run release -- <patch|minor|major|version> [--dry-run]`. Checks, writes version and date, builds,
// and looks at what would be published. It commits, tags and publishes nothing; where it fails, it puts back what it wrote.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const ROOT = process.cwd();
const PATHS = ['package.json', 'package-lock.json', 'CHANGELOG.md'] as const;
const NEEDED = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'bin/payload-kv.js',
  'dist/runtime/index.d.ts',
  'package.json',
];
const UNWANTED =
  /(^|\/)(test|fixtures|node_modules|\.env|\.git|\.npmrc)|\.test\.|\.map$|\.tgz$|\.tsbuildinfo$/;

/** Why nothing can be released before the repository has an address, and what to do. */
const UNNAMED = `package.json names no repository, and npm takes provenance only from the one that is named there.
Add it, as the address to which this is pushed: "repository": { "type": "git", "url": "git+https://github.com/<owner>/<name>.git" }.
Then name the workflow publish.yml and its environment npm as trusted publisher, in the settings of the package at npm.`;

/** Something that keeps this from being released, said in one sentence. */
class NotReleased extends Error {}

const run = (command: string, ...args: string[]): string => {
  try {
    return execFileSync(command, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new NotReleased(`\`${[command, ...args].join(' ')}\` failed:\n${stdout}${stderr}`.trimEnd());
  }
};

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The version after this one, or the one that is named. */
function nextVersion(now: string, wanted: string): string {
  const [major = 0, minor = 0, patch = 0] = now.split('-')[0]!.split('.').map(Number);
  if (wanted === 'major') return `${major + 1}.0.0`;
  if (wanted === 'minor') return `${major}.${minor + 1}.0`;
  if (wanted === 'patch') return `${major}.${minor}.${patch + 1}`;
  if (!/^\d+\.\d+\.\d+(-[\da-z.-]+)?$/.test(wanted)) {
    throw new NotReleased(
      `${wanted} is neither patch, minor nor major, nor a version such as 1.2.3 or 1.3.0-beta.1.`,
    );
  }
  const compare = [major, minor, patch].map(
    (part, at) => Number(wanted.split('-')[0]!.split('.')[at]) - part,
  );
  if ((compare.find((difference) => difference !== 0) ?? 0) < 0) {
    throw new NotReleased(`${wanted} is older than ${now}, which package.json has.`);
  }
  return wanted;
}

/** The changelog with its unreleased part under a version, and an empty one above. */
function datedChangelog(text: string, version: string): string {
  const [whole, content = ''] = /^## Unreleased\n(.*?)(?=^## |(?![\s\S]))/ms.exec(text) ?? [];
  if (whole === undefined) throw new NotReleased('CHANGELOG.md has no part "## Unreleased".');
  if (content.trim() === '') throw new NotReleased('CHANGELOG.md has nothing under "## Unreleased".');
  const date = new Date().toISOString().slice(0, 10);
  return text.replace(whole, () => `## Unreleased\n\n## ${version} (${date})\n${content}`);
}

function checkRepository(version: string): void {
  const changed = run('git', 'status', '--porcelain').trim();
  if (changed !== '') throw new NotReleased(`There are changes that are not committed:\n${changed}`);
  const branch = run('git', 'branch', '--show-current').trim();
  if (branch !== 'main')
    throw new NotReleased(`This is the branch ${branch || '(none)'}, and releases are made on main.`);
  if (run('git', 'tag', '--list', `v${version}`).trim() !== '') {
    throw new NotReleased(`There is a tag v${version} already.`);
  }
}

function writeVersion(version: string): void {
  for (const path of ['package.json', 'package-lock.json']) {
    const json = JSON.parse(read(path)) as {
      version: string;
      packages?: Record<string, { version: string }>;
    };
    json.version = version;
    if (json.packages?.['']) json.packages[''].version = version;
    writeFileSync(join(ROOT, path), `${JSON.stringify(json, null, 2)}\n`);
  }
}

async function checkTarball(version: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'payload-kv-release-'));
  try {
    const [packed] = JSON.parse(
      run('npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', directory),
    ) as { filename: string; version: string; size: number; files: { path: string }[] }[];
    if (packed?.version !== version) throw new NotReleased(`The tarball has version ${packed?.version}.`);
    const files = packed.files.map(({ path }) => path);
    const missing = NEEDED.filter((path) => !files.includes(path));
    if (missing.length > 0) throw new NotReleased(`The tarball lacks ${missing.join(', ')}.`);
    const unwanted = files.filter((path) => UNWANTED.test(path));
    if (unwanted.length > 0) throw new NotReleased(`The tarball has ${unwanted.join(', ')}.`);

    const tarball = join(directory, packed.filename);
    const bytes = readFileSync(tarball);
    const { messages, pkg } = await publint({
      strict: true,
      pack: {
        tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
      },
    });
    if (messages.length > 0) {
      throw new NotReleased(`publint:\n${messages.map((each) => formatMessage(each, pkg ?? {})).join('\n')}`);
    }
    run(
      process.execPath,
      'node_modules/@arethetypeswrong/cli/dist/index.js',
      tarball,
      '--profile',
      'esm-only',
    );
    return `${files.length} files, ${Math.round(packed.size / 1000)} kB packed`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function release(wanted: string, isDry: boolean): Promise<void> {
  const { version: now, repository } = JSON.parse(read('package.json')) as {
    version: string;
    repository?: unknown;
  };
  const version = nextVersion(now, wanted);
  if (!isDry && repository === undefined) throw new NotReleased(UNNAMED);
  checkRepository(version);
  const changelog = datedChangelog(read('CHANGELOG.md'), version);

  const before = PATHS.map((path) => [path, read(path)] as const);
  const putBack = (): void => {
    for (const [path, text] of before) writeFileSync(join(ROOT, path), text);
  };
  const interrupted = (): void => {
    putBack();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    writeVersion(version);
    writeFileSync(join(ROOT, 'CHANGELOG.md'), changelog);
    run(process.execPath, 'scripts/build.mjs');
    console.log(`payload-kv ${version}: ${await checkTarball(version)}`);
    const tag = version.includes('-') ? ['--tag', 'next'] : [];
    run('npm', 'publish', '--provenance', '--access', 'public', '--dry-run', '--ignore-scripts', ...tag);
    console.log('npm would publish it.');
  } catch (error) {
    putBack();
    throw error;
  }
  process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  if (isDry) {
    putBack();
    console.log('A dry run: everything is as it was.');
    if (repository === undefined) console.log(`Without --dry-run it is refused. ${UNNAMED}`);
    return;
  }
  console.log(`Written: ${PATHS.join(', ')}. Next:

  git diff
  npm run check && npm test
  git commit -am "Release ${version}"
  git tag -a v${version} -m "payload-kv ${version}"
  git push origin main v${version}

The tag has .github/workflows/publish.yml publish it.`);
}

const [wanted, ...rest] = process.argv.slice(2).filter((arg) => arg !== '--dry-run');
try {
  if (!wanted || rest.length > 0) {
    throw new NotReleased('Usage: npm run release -- <patch|minor|major|version> [--dry-run]');
  }
  await release(wanted, process.argv.includes('--dry-run'));
} catch (error) {
  if (!(error instanceof NotReleased)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
