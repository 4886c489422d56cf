/**
 * An application of NestJS in two processes, on one Redis that is killed, and started again, while it is read and
 * written. All that was written is logged here, with the moment, so that each answer can be judged: by one clock.
 *
 * `npm run soak:nest -- 180` runs for so many seconds.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startRedis } from '../../support/redis.js';
import { repository } from '../../support/repository.js';
import type { Said } from './application.js';

/** How long an answer may be served, in milliseconds: whatever happens, none is older. */
const TTL = 2_000;
/** Between two clocks of one machine, in milliseconds. */
const CLOCKS = 50;
const ITEMS = 30;
const USERS = 12;
const READERS = 8;
const WRITERS = 2;
/** Longest wait for an application to have its cache again, in milliseconds. */
const LONGEST_RECOVERY = 60_000;

/** What a soak came to. */
export interface Findings {
  reads: number;
  /** Among these, answers without the truth being asked, as far as it can be seen. */
  hits: number;
  writes: number;
  kills: number;
  pauses: number;
  /** Answers beside faults that were older than a write that all had been told of before the question. */
  stale: string[];
  /** Answers older than their `ttl`. */
  tooOld: string[];
  /** Answers of one person for another. */
  strangers: string[];
  /** Answers that were none. */
  failures: string[];
  /** Rejections that nobody handled, and the like, in the applications. */
  faults: string[];
  /** Faults of Redis after which an application had no cache again. */
  unrecovered: number;
  /** Longest time from Redis being back to both applications having their cache again, in milliseconds. */
  slowestRecovery: number;
  /** Longest answer in milliseconds. */
  slowestRead: number;
  /** Bytes of each process's heap, after the first fault and at the end. */
  heaps: { first: number; last: number }[];
}

/** Each version of each thing, with when it came to be. */
function createTruth() {
  const log = new Map<string, number[]>();
  let reads = 0;
  const timesOf = (name: string): number[] => {
    const times = log.get(name) ?? [performance.now()];
    log.set(name, times);
    return times;
  };
  return {
    reads: () => reads,
    read(name: string): number {
      reads += 1;
      return timesOf(name).length;
    },
    write(name: string): number {
      return timesOf(name).push(performance.now());
    },
    /** When a version was replaced by the next; later than ever where it is the newest. */
    replacedAt: (name: string, version: number) => timesOf(name)[version] ?? Number.POSITIVE_INFINITY,
  };
}

/** One process of the application. */
interface Process {
  url: string;
  ask<Kind extends 'heap' | 'health'>(kind: Kind): Promise<Extract<Said, Record<Kind, unknown>>[Kind]>;
  stop(): Promise<void>;
}

async function startProcess(env: Record<string, string>, onFault: (fault: string) => void): Promise<Process> {
  const child: ChildProcess = fork(
    path.join(path.dirname(fileURLToPath(import.meta.url)), 'application.ts'),
    {
      execArgv: ['--expose-gc', '--import', 'tsx'],
      env: {
        ...process.env,
        NODE_ENV: 'production',
        TSX_TSCONFIG_PATH: path.join(repository, 'test/nestjs/tsconfig.json'),
        ...env,
      },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  );
  let isEnding = false;
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors = (errors + String(chunk)).slice(-4_000);
  });
  const waiting = new Map<string, ((value: never) => void)[]>();
  child.on('message', (said: Said) => {
    if ('fault' in said) onFault(said.fault);
    for (const [kind, value] of Object.entries(said))
      for (const resolve of waiting.get(kind)?.splice(0) ?? []) resolve(value as never);
  });
  const exited = new Promise<void>((resolve) => {
    child.on('exit', (code, signal) => {
      if (!isEnding) onFault(`the process has ended (${code ?? signal}): ${errors}`);
      resolve();
    });
  });
  const heard = <Value>(kind: string): Promise<Value> =>
    new Promise((resolve) => waiting.set(kind, [...(waiting.get(kind) ?? []), resolve as never]));
  const port = await Promise.race([
    heard<number>('port'),
    exited.then(() => Promise.reject(new Error(`The application has not started: ${errors}`))),
  ]);
  return {
    url: `http://127.0.0.1:${port}`,
    ask(kind) {
      const answer = heard<never>(kind);
      child.send(kind);
      return answer;
    },
    async stop() {
      isEnding = true;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Runs for some seconds, and for so many faults of Redis at least, each `between` milliseconds after the one before. */
export async function soak({
  seconds,
  faults: least = 2,
  between = 4_000,
  onProgress = () => undefined,
}: {
  seconds: number;
  faults?: number;
  between?: number;
  onProgress?: (findings: Findings) => void;
}): Promise<Findings> {
  const findings: Findings = {
    reads: 0,
    hits: 0,
    writes: 0,
    kills: 0,
    pauses: 0,
    stale: [],
    tooOld: [],
    strangers: [],
    failures: [],
    faults: [],
    unrecovered: 0,
    slowestRecovery: 0,
    slowestRead: 0,
    heaps: [],
  };
  const truth = createTruth();
  const server: Server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    response.end(String(request.method === 'PUT' ? truth.write(name) : truth.read(name)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const redis = await startRedis();
  const started: Process[] = [];
  let isOver = false;
  /** How many faults have begun, and whether one lasts: what is written then may be told later. */
  let faults = 0;
  let isFaulty = false;
  /** By name, the newest version that all have been told of. */
  const toldOf = new Map<string, number>();

  const report = (list: string[], text: string): void => {
    if (list.length < 20) list.push(text);
    else list[19] = `… and more: ${text}`;
  };
  const pick = <Value>(values: readonly Value[]): Value =>
    values[Math.floor(Math.random() * values.length)] as Value;
  const processes = (): Process => pick(started);

  async function read(): Promise<void> {
    const isOfPerson = Math.random() < 0.4;
    const id = `${Math.floor(Math.random() * (isOfPerson ? USERS : ITEMS))}`;
    const name = `${isOfPerson ? 'user' : 'item'}-${id}`;
    const since = performance.now();
    const atLeast = toldOf.get(name) ?? 1;
    const before = faults;
    const wasFaulty = isFaulty;
    const response = await fetch(`${processes().url}${isOfPerson ? '/me' : `/items/${id}`}`, {
      headers: isOfPerson ? { authorization: `Bearer ${id}` } : {},
    });
    const text = await response.text();
    findings.reads += 1;
    findings.slowestRead = Math.max(findings.slowestRead, performance.now() - since);
    if (response.status !== 200) {
      report(findings.failures, `${name}: ${response.status} ${text}`);
      return;
    }
    const { version, user } = JSON.parse(text) as { version: number; user?: string };
    if (isOfPerson && user !== id) report(findings.strangers, `${id} was answered what is ${user}'s`);
    // While Redis is away a process goes by what it knew last: that is held to the TTL alone.
    if (version < atLeast && !wasFaulty && !isFaulty && before === faults)
      report(findings.stale, `${name}: ${version}, and ${atLeast} had been told of`);
    const age = since - truth.replacedAt(name, version);
    if (age > TTL + CLOCKS)
      report(findings.tooOld, `${name}: ${version}, replaced ${Math.round(age)} ms before`);
  }

  async function write(): Promise<void> {
    const name =
      Math.random() < 0.4
        ? `user-${pick([...Array(USERS).keys()])}`
        : `item-${pick([...Array(ITEMS).keys()])}`;
    const before = faults;
    const wasFaulty = isFaulty;
    const response = await fetch(`${processes().url}/${name.replace('-', '/')}`, { method: 'PUT' });
    const text = await response.text();
    findings.writes += 1;
    if (response.status !== 200) {
      report(findings.failures, `writing ${name}: ${response.status} ${text}`);
      return;
    }
    const { version } = JSON.parse(text) as { version: number };
    // What was written while Redis was away is told later: it is held to the TTL alone.
    if (!wasFaulty && !isFaulty && before === faults)
      toldOf.set(name, Math.max(version, toldOf.get(name) ?? 1));
  }

  async function repeat(work: () => Promise<void>, pause: number): Promise<void> {
    while (!isOver) {
      try {
        await work();
      } catch (error) {
        if (!isOver) report(findings.failures, String(error));
      }
      await sleep(Math.random() * pause);
    }
  }

  async function areWell(): Promise<boolean> {
    const healths = await Promise.all(started.map((each) => each.ask('health')));
    return healths.every(({ connected, pending }) => connected && pending === 0);
  }

  /** Until both have their cache again, and have told of all that was written meanwhile. */
  async function recovered(): Promise<void> {
    const since = performance.now();
    while (performance.now() - since < LONGEST_RECOVERY) {
      // Writes go on: that nothing is left at one moment is enough.
      if (await areWell()) {
        findings.slowestRecovery = Math.max(findings.slowestRecovery, performance.now() - since);
        return;
      }
      await sleep(20);
    }
    findings.unrecovered += 1;
  }

  async function fault(kind: 'kill' | 'pause'): Promise<void> {
    faults += 1;
    isFaulty = true;
    if (kind === 'kill') {
      await redis.kill();
      await sleep(200 + Math.random() * 1_300);
      await redis.start();
      findings.kills += 1;
    } else {
      await redis.pause(200 + Math.random() * 1_300);
      findings.pauses += 1;
    }
    await recovered();
    isFaulty = false;
  }

  try {
    const { port } = server.address() as AddressInfo;
    const env = {
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      TRUTH: `http://127.0.0.1:${port}`,
      TTL: `${TTL / 1000}s`,
      // With the default of 100 ms two busy processors answer late, and who gives Redis up goes by what it knew last, as
      // `whileAway` promises: here it is to be away by the faults alone.
      PAYLOAD_KV_TIMEOUT: '1000',
    };
    const onFault = (text: string): void => report(findings.faults, text);
    started.push(...(await Promise.all([startProcess(env, onFault), startProcess(env, onFault)])));
    const load = [
      ...Array.from({ length: READERS }, () => repeat(read, 10)),
      ...Array.from({ length: WRITERS }, () => repeat(write, 100)),
    ];
    const end = performance.now() + 1000 * seconds;
    let heaps: number[] | undefined;
    for (let number = 0; number < least || performance.now() < end; number++) {
      await sleep(between);
      await fault(number % 2 === 0 ? 'kill' : 'pause');
      // The first has loaded all that there is to load.
      heaps ??= await Promise.all(started.map((each) => each.ask('heap')));
      onProgress(findings);
    }
    // Some time in which nothing happens: all is answered from the cache again.
    const asked = truth.reads();
    const answered = findings.reads;
    await sleep(between);
    findings.hits = findings.reads - answered - (truth.reads() - asked);
    if (findings.hits <= 0) findings.unrecovered += 1;
    isOver = true;
    await Promise.all(load);
    const last = await Promise.all(started.map((each) => each.ask('heap')));
    findings.heaps = last.map((bytes, index) => ({ first: heaps?.[index] ?? bytes, last: bytes }));
    const healths = await Promise.all(started.map((each) => each.ask('health')));
    findings.hits = healths.reduce((sum, { hits }) => sum + hits, 0);
    return findings;
  } finally {
    isOver = true;
    await Promise.all(started.map((each) => each.stop()));
    await redis.stop();
    server.closeAllConnections();
    server.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const seconds = Number(process.argv[2] ?? 180);
  const findings = await soak({
    seconds,
    onProgress: ({ reads, writes, kills, pauses }) =>
      console.log(`${reads} reads, ${writes} writes, ${kills} kills, ${pauses} pauses`),
  });
  console.log(JSON.stringify(findings, undefined, 2));
  const { stale, tooOld, strangers, failures, faults, unrecovered } = findings;
  const wrong = [...stale, ...tooOld, ...strangers, ...failures, ...faults].length + unrecovered;
  process.exit(wrong === 0 ? 0 : 1);
}
