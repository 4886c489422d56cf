import { mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa, execaNode } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';

const inRepository = (...names: string[]): string => path.join(repository, ...names);
let page: string;
let directory: string;

beforeAll(async () => {
  page = await readFile(inRepository('docs/nestjs.md'), 'utf8');
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-nest-docs-'));
  await mkdir(path.join(directory, 'node_modules/payload-kv'), { recursive: true });
  await symlink(inRepository('dist'), path.join(directory, 'node_modules/payload-kv/dist'));
  await symlink(inRepository('package.json'), path.join(directory, 'node_modules/payload-kv/package.json'));
  for (const name of await readdir(inRepository('node_modules'))) {
    if (name === 'payload-kv') continue;
    await symlink(inRepository('node_modules', name), path.join(directory, 'node_modules', name));
  }
});

afterAll(() => directory && removeDirectory(directory));

/** What a file of the test says when it is run by Node. */
const RUN = `
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
const said = {};
for (const name of process.argv.slice(2)) {
  const { AppModule } = await import('./' + name);
  const app = await NestFactory.create(AppModule, { logger: ['error'], abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const url = 'http://127.0.0.1:' + app.getHttpServer().address().port;
  const get = async (path) => {
    const response = await fetch(url + path);
    return { status: response.status, body: await response.json() };
  };
  const paths = ['/rates/EUR', '/orders', '/catalog', '/health'];
  said[name] = {};
  for (const path of paths) said[name][path] = [await get(path), await get(path)];
  await app.close();
}
console.log(JSON.stringify(said));
process.exit(0);
`;

test('Every snippet of the page compiles as an application of NestJS is, and those that are one start and answer', async () => {
  const snippets = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code as string);
  expect(snippets.length).toBeGreaterThan(8);
  const write = (name: string, text: string) => writeFile(path.join(directory, name), text);
  await write('package.json', JSON.stringify({ type: 'module' }));
  await write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        target: 'ES2022',
        module: 'NodeNext',
        strict: true,
        skipLibCheck: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        types: ['node'],
      },
      include: ['*.ts'],
    }),
  );
  for (const [index, code] of snippets.entries()) await write(`snippet-${index}.ts`, code);
  const tsc = inRepository('node_modules/typescript/bin/tsc');
  const compiled = await execa(process.execPath, [tsc, '--pretty', 'false', '-p', directory], {
    cwd: directory,
    reject: false,
  });
  expect(compiled.stdout).toBe('');
  const modules = snippets.flatMap((code, index) =>
    code.includes('class AppModule') && !code.includes('declare const') ? [`snippet-${index}.js`] : [],
  );
  expect(modules.length).toBeGreaterThan(4);
  await write('run.js', RUN);
  const { stdout } = await execaNode(path.join(directory, 'run.js'), modules, { cwd: directory });
  const said = JSON.parse(stdout) as Record<string, Record<string, { status: number; body: any }[]>>;
  const answers = (place: string) =>
    Object.values(said)
      .map((each) => each[place] as { status: number; body: any }[])
      .filter(([first]) => first?.status === 200);
  const [[one, same] = []] = answers('/rates/EUR');
  expect(one?.body).toEqual({ currency: 'EUR', rate: expect.any(Number) });
  expect(same).toEqual(one);
  expect(answers('/orders')[0]?.[0]?.body).toEqual({ orders: [] });
  expect(answers('/catalog')[0]?.[1]?.body).toEqual({ language: '*' });
  expect(answers('/health')[0]?.[0]?.body).toMatchObject({ status: 'ok', info: { cache: { status: 'up' } } });
});

test('The page names every option of a route', async () => {
  const source = await readFile(inRepository('src/runtime/nestjs/route-options.ts'), 'utf8');
  const declared = /export interface CacheRouteOptions \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? '';
  const options = [...declared.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name as string);
  const [, section = ''] = page.split('## Routes');
  const [, table = ''] = /\n\n(\| option .*?)\n\n/s.exec(section) ?? [];
  const rows = table.split('\n').slice(2);
  const named = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name as string),
  );
  expect(options.length).toBeGreaterThan(7);
  expect(named.sort()).toEqual(options.sort());
});

test('What the page says by number is so', async () => {
  const read = (name: string): Promise<string> => readFile(inRepository(name), 'utf8');
  expect(await read('src/runtime/nestjs/asked-route.ts')).toContain('const LONGEST_URL = 16_000;');
  expect(await read('src/runtime/nestjs/health.ts')).toContain('timeout = 2_000');
  expect(page).toContain('16,000');
  expect(page).toContain('2,000 milliseconds');
});
