import { expect, test } from 'vitest';
import { type Check, ok } from '../../src/doctor/check.js';
import type { DoctorContext } from '../../src/doctor/context.js';
import { runChecks } from '../../src/doctor/run-checks.js';
import { PayloadKVError } from '../../src/errors.js';

const context = {} as DoctorContext;
const check = (id: string, run: Check['run']): Check => ({ id, title: id, run });
const fine = check('fine', () => ok('all is well'));

test('a check that throws is one failed check, and the others run all the same', async () => {
  const broken = check('broken', () => {
    throw new TypeError('undefined is not a function');
  });
  const reports = await runChecks([broken, fine], context);
  expect(reports).toEqual([
    {
      id: 'broken',
      title: 'broken',
      status: 'fail',
      summary: 'the check itself failed: undefined is not a function',
      fix: 'Run `payload-kv doctor --verbose` and report what it says.',
    },
    { id: 'fine', title: 'fine', status: 'ok', summary: 'all is well' },
  ]);
});

test('an error with a place and a next step is told with both', async () => {
  const unreadable = check('unreadable', async () => {
    throw new PayloadKVError({
      code: 'SCHEMA_FILE_UNREADABLE',
      message: 'It cannot be read.',
      location: { file: 'src/a.ts', line: 3 },
      nextStep: 'Run `payload-kv sync --force`.',
    });
  });
  expect(await runChecks([unreadable], context)).toMatchObject([
    { status: 'fail', summary: 'src/a.ts:3: It cannot be read.', fix: 'Run `payload-kv sync --force`.' },
  ]);
});

test('with verbose the stack is among the details, without it is not', async () => {
  const broken = check('broken', () => {
    throw new Error('oh');
  });
  const [quiet] = await runChecks([broken], context);
  expect(quiet).not.toHaveProperty('details');
  const [verbose] = await runChecks([broken], context, { verbose: true });
  expect(verbose?.details?.join('\n')).toContain('run-checks.test.ts');
});

test('a check with nothing to look at is not listed', async () => {
  const seen: string[] = [];
  const reports = await runChecks([check('absent', () => undefined), fine], context, {
    onReport: ({ id }) => seen.push(id),
  });
  expect(reports.map(({ id }) => id)).toEqual(['fine']);
  expect(seen).toEqual(['fine']);
});
