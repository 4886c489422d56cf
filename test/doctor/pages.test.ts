import { afterEach, expect, test } from 'vitest';
import { pages } from '../../src/doctor/checks/pages.js';
import { doctorContext } from '../../src/doctor/context.js';
import { inspectProject } from '../../src/inspect/project.js';
import { command, createProject, type Project } from '../cli/command.js';

let project: Project | undefined;
afterEach(() => project?.remove());

const NEXT = (version: string) => JSON.stringify({ name: 'next', version });

/** What the check says of a site after `init` with these flags. */
async function diagnose(
  flags: string[],
  files: Record<string, string> = {},
  changes: () => Promise<void> = async () => {},
) {
  project = await createProject({
    'package.json': '{ "type": "module", "dependencies": { "next": "16.4.6", "payload": "3.90.2" } }\n',
    'next.config.mjs': 'export default { reactStrictMode: true };\n',
    'node_modules/next/package.json': NEXT('16.4.6'),
    ...files,
  });
  const init = await command(['init', '--yes', '--no-install', '--cwd', project.dir, ...flags]);
  expect(init.exitCode, init.stdout + init.stderr).toBe(0);
  await changes();
  return pages.run(await doctorContext(inspectProject({ cwd: project.dir })));
}

test('there is nothing to look at without pages', async () => {
  expect(await diagnose([])).toBeUndefined();
});

test.each(['push', 'handler'])('%s as init wires it is fine', async (mode) => {
  expect(await diagnose(['--pages', mode])).toMatchObject({ status: 'ok' });
});

test('without the handler in next.config pages would stay old', async () => {
  const { writeFile } = await import('node:fs/promises');
  const result = await diagnose(['--pages', 'handler'], {}, () =>
    writeFile(`${project!.dir}/next.config.mjs`, 'export default {};\n'),
  );
  expect(result).toMatchObject({ status: 'fail', fix: expect.stringContaining('init --pages handler') });
});

test('hooks that are left over are named, with their files', async () => {
  const hook =
    "import { revalidatePath } from 'next/cache';\nexport const hook = () => revalidatePath('/');\n";
  const result = await diagnose(['--pages', 'push'], {
    'src/hooks/revalidatePage.ts': hook,
    'src/other.ts': '// revalidatePath is of no use here\n',
  });
  expect(result).toMatchObject({ status: 'warn', details: ['src/hooks/revalidatePage.ts: revalidatePath'] });
});

test('a Next that was not tried is named, and one that is not there', async () => {
  expect(
    await diagnose(['--pages', 'push'], { 'node_modules/next/package.json': NEXT('15.4.11') }),
  ).toMatchObject({ status: 'warn', summary: expect.stringContaining('15.4.11') });
  await project?.remove();
  expect(await diagnose(['--pages', 'push'], { 'node_modules/next/package.json': '{}' })).not.toMatchObject({
    status: 'ok',
  });
});
