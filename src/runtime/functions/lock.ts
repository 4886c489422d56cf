/** Runs a function in one of all processes that share the registry: who has its lock runs it, the others wait for its entry. */
import type { HeldLock, Locks } from '../../interfaces/locks.js';
import { isWorkerd } from '../../platform/background.js';
import { sleep } from '../../platform/sleep.js';
import { createFaultGuard, type FaultGuard } from '../fault/fault-guard.js';
import type { FunctionCall, FunctionSite, Made } from './context.js';
import { encodedResult } from './encoded-result.js';
import { lookUp, noteEntry, recordedIn } from './lookup.js';
import { writingOf } from './wanted.js';

/** What is done where another has the lock. */
interface LockMode {
  /** Waits for what it stores, which is the default; leaves it to that one; or runs it as well. */
  taken?: 'wait' | 'leave' | 'run';
  /** When what is stored already was made, in milliseconds since 1970: only what is newer spares the run. */
  newerThan?: number;
}

/** First and longest pause between two looks at what is waited for, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 250;
/** On workerd each look counts among the requests that a request may make. */
const LONGEST_PAUSE_IN_WORKERD = 2_000;
/** For how long nobody waits where what was made could not be stored, in milliseconds: longer than any pause. */
const OPEN_FOR = 1_000;
/** How long the engine is left alone when it fails too often, in milliseconds. */
const PAUSE_OF_ENGINE = 10_000;

const guards = new WeakMap<FunctionSite, FaultGuard>();
const warned = new WeakSet<FunctionSite>();

type Run = (call: FunctionCall) => Promise<Made>;
type Lifetime = { wait: number; lifetime: number };

/** The call, to be run under its lock where it has one. */
export function withLock(call: FunctionCall, mode: LockMode = {}): FunctionCall {
  const { site, wanted } = call;
  if (!wanted.lock) return call;
  const registry = site.instance.registry();
  const { locks } = registry;
  const times = wanted.lock;
  if (locks) return { ...call, alone: (own, run) => runLocked(own, run, locks, times, mode) };
  if (!warned.has(site)) {
    warned.add(site);
    site.instance.warn(
      `payload-kv: a function has { lock }, and the ${registry.name} registry has no locks: each process runs it by itself. redisRegistry() and durableObjectRegistry() have them.`,
    );
  }
  return call;
}

async function runLocked(
  call: FunctionCall,
  run: Run,
  locks: Locks,
  times: Lifetime,
  { taken = 'wait', newerThan = Number.NEGATIVE_INFINITY }: LockMode,
): Promise<Made> {
  const { site, wanted, options } = call;
  // Others may need what the transaction has locked to give the lock back.
  if (await writingOf(options.req)) return run(call);
  const guard = guardOf(site, locks);
  const until = performance.now() + times.wait;
  for (let attempt = 0; ; attempt++) {
    const answer = await acquire(guard, locks, wanted.key, times.lifetime);
    // It is run twice rather than not at all.
    if (!answer) return run(call);
    const { held } = answer;
    if (!held && taken === 'run') return run(call);
    if (!held && taken === 'leave') return { result: undefined, kept: undefined };
    // Who had it before may have stored what is wanted since the look before.
    const mayBeThere = taken !== 'run' && (held || attempt > 0);
    const look = mayBeThere ? await lookAgain(call, newerThan) : call;
    if ('result' in look) {
      if (held) giveBack(site, guard, held);
      return look;
    }
    if (held) return runHeld(look, run, { guard, held, lifetime: times.lifetime });
    const left = until - performance.now();
    if (left <= 0) return run(look);
    await sleep(Math.min(pause(attempt), left));
  }
}

function pause(attempt: number): number {
  const longest = isWorkerd() ? LONGEST_PAUSE_IN_WORKERD : LONGEST_PAUSE;
  return Math.min(longest, FIRST_PAUSE * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);
}

/** What bounds the faults of a site's locks: apart from the registry's, whose reads may well work. */
function guardOf(site: FunctionSite, { name }: Locks): FaultGuard {
  let guard = guards.get(site);
  if (!guard) {
    const { reads, instance } = site;
    guard = createFaultGuard({
      timeout: reads.writeTimeout,
      pause: PAUSE_OF_ENGINE,
      onFault: (error) => reads.onFault(error, `a lock of the ${name} registry`),
      onOpen: () =>
        instance.warn(
          `payload-kv: the locks of the ${name} registry fail too often; each process runs its functions by itself for the next ${PAUSE_OF_ENGINE / 1000} seconds.`,
        ),
      now: reads.now,
    });
    guards.set(site, guard);
  }
  return guard;
}

/** The lock, or none where another has it; `undefined` where the engine fails. */
async function acquire(
  guard: FaultGuard,
  locks: Locks,
  name: string,
  lifetime: number,
): Promise<{ held: HeldLock | undefined } | undefined> {
  let isLate = false;
  const answer = await guard.run(async () => {
    const held = await locks.acquire(name, lifetime);
    // Nobody is there any more to give it back.
    if (isLate) held?.release().catch(() => undefined);
    return { held };
  });
  isLate = answer === undefined;
  return answer;
}

function giveBack(site: FunctionSite, guard: FaultGuard, held: HeldLock, openFor?: number): void {
  site.instance.background.run(
    (async () => {
      await guard.run(async () => {
        await held.release(openFor);
        return true;
      });
    })(),
  );
}

/** What is stored by now; else the call, with the versions that hold now. */
async function lookAgain(call: FunctionCall, newerThan: number): Promise<Made | FunctionCall> {
  const { site, wanted } = call;
  const looked = await lookUp(site, wanted);
  if (!looked.found) return { ...call, before: looked.before };
  const { entry, result } = looked;
  if (entry.askedAt <= newerThan) return call;
  noteEntry(wanted.parent, entry);
  wanted.count.shared += 1;
  const encoded = encodedResult(site, result);
  return { result, kept: encoded && { encoded, recorded: recordedIn(entry) } };
}

/** Runs it, while its lock is kept. It is given back when what was made is stored, for the others to find. */
async function runHeld(
  call: FunctionCall,
  run: Run,
  { guard, held, lifetime }: { guard: FaultGuard; held: HeldLock; lifetime: number },
): Promise<Made> {
  const { site } = call;
  let until = performance.now() + lifetime;
  let isLost = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function extend(): Promise<void> {
    const since = performance.now();
    const answer = await guard.run(async () => ({ isHeld: await held.extend(lifetime) }));
    if (answer?.isHeld) until = since + lifetime;
    else if (answer) isLost = true;
  }
  function keep(): void {
    timer = setTimeout(() => {
      void extend().then(() => {
        if (timer && !isLost) keep();
      });
    }, lifetime / 3);
    (timer as { unref?(): void }).unref?.();
  }
  function end(openFor?: number): void {
    clearTimeout(timer);
    timer = undefined;
    giveBack(site, guard, held, openFor);
  }

  const tenure = {
    token: held.token,
    async isHeld() {
      await extend();
      // Where the engine does not answer, nobody else can have it before its time is over.
      return !isLost && performance.now() < until;
    },
  };
  keep();
  let made: Made;
  try {
    made = await run({ ...call, tenure });
  } catch (error) {
    end();
    throw error;
  }
  const { stored = false } = made;
  if (stored instanceof Promise) {
    site.instance.background.run(
      stored.then(
        (isStored) => end(isStored ? 0 : OPEN_FOR),
        () => end(OPEN_FOR),
      ),
    );
  } else end(stored ? 0 : OPEN_FOR);
  return made;
}
