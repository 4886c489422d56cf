/**
 * Prints what each kind of trouble costs a site, and exits 1 if a claim does not hold. `npm run test:faults -- hang`
 * runs the rows of that name only.
 */
import { Worker } from 'node:worker_threads';
import { execa } from 'execa';
import { quantile } from '../../bench/measure.js';
import { hasRedis } from '../support/redis.js';
import { repository } from '../support/repository.js';
import { SCENARIOS, TIMEOUT } from './scenarios.js';
import type { SoakOutcome } from './soak.js';

/** Steps of each part of a scenario. */
const STEPS = 60;
/** What a timeout takes beyond itself on a machine that does nothing else, in milliseconds. */
const LATE = 5;
/** While the circuit is open, in milliseconds. */
const MOST_WHILE_OPEN = 1;
/** A machine that does other things is slow now and then: times are taken again, answers and failures are not. */
const ATTEMPTS = 3;
const SOAK = 200_000;
const MOST_GROWTH = 5 * 1024 * 1024;

const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
const broken: string[] = [];
const expectTrue = (holds: boolean, claim: string): void => {
  if (!holds) broken.push(claim);
};
const table: string[] = [];
/** Shown as it comes on the error output: Payload's adapter writes to the other one in between. */
function row(cells: readonly (string | number)[]): void {
  const line = `| ${cells.join(' | ')} |`;
  table.push(line);
  console.error(line);
}
/**
 * Watches by how much timers are late on this machine, on a thread of its own, which does nothing else.
 *
 * @returns what ends it, with the lateness at p99 in milliseconds
 */
function watchMachine(): () => Promise<number> {
  const samples: number[] = [];
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const next = () => {
       const start = performance.now();
       setTimeout(() => {
         parentPort.postMessage(performance.now() - start - 20);
         next();
       }, 20);
     };
     next();`,
    { eval: true },
  );
  worker.on('message', (late: number) => samples.push(late));
  return async () => {
    await worker.terminate();
    return quantile([0, ...samples], 0.99);
  };
}

const milliseconds = (samples: readonly number[]): string =>
  samples.length === 0 ? '–' : [0.5, 0.99].map((share) => quantile(samples, share).toFixed(2)).join(' / ');

row([
  'fault',
  'versions',
  'operations',
  'wrong answers',
  'failures',
  'added until the circuit opens, p50 / p99 ms',
  'while it is open, p50 / p99 ms',
  'timers late by, p99 ms',
  'slowest write, ms',
]);
row(Array.from({ length: 9 }, () => '---'));
for (const { name, versions, needsRedis, opens, run } of SCENARIOS) {
  if (!isWanted(name)) continue;
  const title = `${name}, versions ${versions}`;
  if (needsRedis && !hasRedis) {
    row([name, versions, 'not run: there is no redis-server', '', '', '', '', '', '']);
    continue;
  }
  let slow: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS && (attempt === 0 || slow.length > 0); attempt++) {
    const watched = watchMachine();
    const outcome = await run(STEPS);
    const late = await watched();
    const closed = outcome.samples.filter(({ isOpen }) => !isOpen).map(({ added }) => added);
    const open = outcome.samples.filter(({ isOpen }) => isOpen).map(({ added }) => added);
    slow = [
      // A timer that fires late gives the answer that much time again.
      ...(quantile(closed, 0.99) < TIMEOUT + LATE + 2 * late ? [] : ['waits no longer than the timeout']),
      ...(open.length === 0 || quantile(open, 0.99) < MOST_WHILE_OPEN
        ? []
        : [`less than ${MOST_WHILE_OPEN} ms while the circuit is open`]),
    ];
    for (const problem of [...outcome.differences, ...outcome.failures]) broken.push(`${title}: ${problem}`);
    expectTrue(open.length > 0 || !opens, `${title}: opens the circuit`);
    expectTrue(outcome.hitsAgain, `${title}: hits again afterwards`);
    if (attempt > 0) table.pop();
    row([
      name,
      versions,
      outcome.operations,
      outcome.differences.length,
      outcome.failures.length,
      milliseconds(closed),
      milliseconds(open),
      late.toFixed(1),
      outcome.slowestWrite.toFixed(0),
    ]);
  }
  for (const claim of slow) broken.push(`${title}: ${claim}`);
}

let soaked = '';
if (isWanted('soak')) {
  const { stdout } = await execa({
    cwd: repository,
  })`${process.execPath} --expose-gc --import tsx test/fault/soak.ts ${SOAK}`;
  const soak = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as SoakOutcome;
  const growth = soak.growth / 1024 / 1024;
  soaked = `\nSoak: ${soak.operations} operations, ${soak.differences} wrong answers, ${soak.failures} failures, heap ${growth < 0 ? '' : '+'}${growth.toFixed(1)} MB.`;
  expectTrue(
    soak.differences === 0 && soak.failures === 0,
    'soak: every answer is the database’s, none fails',
  );
  expectTrue(Math.abs(soak.growth) <= MOST_GROWTH, 'soak: the heap is as large as before, ± 5 MB');
}

console.log(`\n${table.join('\n')}\n${soaked}`);
for (const claim of broken) console.error(`does not hold: ${claim}`);
if (broken.length > 0) process.exitCode = 1;
else console.log('\nEvery claim holds.');
