import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { Node } from 'ts-morph';
import { run } from '../../src/cli/program.js';
import { EVENT_TYPES } from '../../src/interfaces/events.js';
import { METRICS } from '../../src/runtime/observe/metrics.js';
import { codeOf, type Entry, namedBy, ROOT, readEntries } from './entries.js';

const HEAD = 'Made by `npm run api`. What counts as a break: docs/versioning.md.';

/** All that is public, as files below `api/`: their names and texts. */
export async function apiReport(entries = readEntries()): Promise<Map<string, string>> {
  const files = new Map(entries.map((entry) => [`${entry.page}.md`, reportOf(entry)]));
  files.set('command-line.md', await commandLine());
  files.set('names.md', names(entries));
  return files;
}

function reportOf({ specifier, exported }: Entry): string {
  const shown = new Set<Node>(exported.flatMap(({ declarations }) => declarations));
  const behind = new Map<Node, string>();
  const follow = (declaration: Node): void => {
    for (const named of namedBy(declaration)) {
      if (shown.has(named) || behind.has(named)) continue;
      behind.set(named, codeOf(named));
      follow(named);
    }
  };
  for (const declaration of shown) follow(declaration);
  const parts = exported.map(({ name, declarations }) => {
    const code = declarations.map(codeOf).join('\n');
    if (name !== 'default') return `export ${code}`;
    // A value is first, and exported then.
    const [, value] = /^const (\w+):/.exec(code) ?? [];
    return value ? `${code}\n\nexport default ${value};` : `export default ${code}`;
  });
  const hidden = [...behind.values()].sort();
  return [
    `# ${specifier}`,
    HEAD,
    fenced(parts),
    ...(hidden.length > 0
      ? ['What these are made of, under names that are not exported:', fenced(hidden)]
      : []),
  ]
    .join('\n\n')
    .concat('\n');
}

const fenced = (parts: readonly string[]) => `\`\`\`ts\n${parts.join('\n\n')}\n\`\`\``;

async function commandLine(): Promise<string> {
  const help = await helpOf([]);
  const [, list = ''] = /\nCommands:\n(.*?)\n\n/s.exec(help) ?? [];
  const commands = [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name);
  const parts = [`# The command line\n\n${HEAD}\n\n\`\`\`text\n${help}\n\`\`\``];
  for (const name of commands.filter((each) => each !== 'help')) {
    parts.push(`## ${name}\n\n\`\`\`text\n${await helpOf([name])}\n\`\`\``);
  }
  return parts.join('\n\n').concat('\n');
}

async function helpOf(args: readonly string[]): Promise<string> {
  const stdout = Object.assign(new PassThrough(), { isTTY: false, columns: 100 });
  let text = '';
  stdout.on('data', (chunk) => {
    text += chunk;
  });
  const { cwd } = process;
  // The help shows where it runs: the same in every checkout.
  process.cwd = () => '/site';
  try {
    await run([...args, '--help'], { stdout, stderr: new PassThrough(), env: { NO_COLOR: '1' } } as never);
  } finally {
    process.cwd = cwd;
  }
  return text.trimEnd();
}

function names(entries: readonly Entry[]): string {
  const sources = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => readFileSync(path.join(ROOT, 'src', file), 'utf8'))
    .join('\n');
  const found = (pattern: RegExp) =>
    [...new Set([...sources.matchAll(pattern)].map(([, name]) => name as string))].sort();
  const list = (title: string, items: readonly string[]) =>
    `## ${title}\n\n${items.map((item) => `- \`${item}\``).join('\n')}`;
  return [
    `# Names\n\n${HEAD}`,
    list('Entries', [...entries.map(({ specifier }) => specifier), 'payload-kv/package.json']),
    list('Codes of errors', found(/\bcode: (?:[\w.]+ \? )?'([A-Z][A-Z\d_]+)',?\s*message/g)),
    list('Environment variables', found(/\b(PAYLOAD_KV_[A-Z_]+[A-Z]|REDIS_URL|CLOUDFLARE_[A-Z_]+[A-Z])\b/g)),
    list('Types of events', EVENT_TYPES),
    list(
      'Metrics',
      METRICS.map(({ name, type, labels }) => `${name} ${type} {${labels.join(', ')}}`),
    ),
  ]
    .join('\n\n')
    .concat('\n');
}
