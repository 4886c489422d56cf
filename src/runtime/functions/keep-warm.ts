/** Runs functions again at intervals, and at the start, in one process of all that share the registry. */
import { type Duration, parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { HeldLock, Locks } from '../../interfaces/locks.js';
import { isWorkerd } from '../../platform/background.js';
import { every } from '../../platform/every.js';
import { shared } from '../../platform/shared.js';
import { withTimeout } from '../../platform/timeout.js';
import { valueAt } from '../../platform/value-at.js';
import { livingInstances } from '../carried-instance.js';
import type { CachedOptions, FunctionSite } from './context.js';
import { siteOf } from './site-of.js';

/** Something to be kept in the cache, such as `() => prices.refresh('tea')`. */
export type WarmCall = () => unknown;

/** When {@link keepWarm} runs. */
export interface KeepWarmOptions extends Pick<CachedOptions, 'payload' | 'cache'> {
  /** How often, give or take a tenth, in all processes together. Default: at the start only. */
  every?: Duration;
  /** Whether it runs now as well, in the background. Default `true`. */
  atStart?: boolean;
  /** Calls at the same time. Default 2. */
  concurrency?: number;
}

const CONCURRENCY = 2;
/** How long after a process has died while it ran another may begin, in milliseconds. */
const LEASE = 30_000;
/** Share of an interval in which no other process begins. */
const HELD = 0.8;
/** How long none does where there is no interval, in milliseconds: as long as the processes of a site take to start. */
const HELD_ONCE = 60_000;
/** Longest wait of a timer, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** What ends each, by the Payload instance and its name: called again after a hot reload, it takes the place of the first. */
const schedules = shared('schedules', () => new WeakMap<object, Map<string, () => void>>());

/**
 * Runs calls now and at intervals, to have what they cache at hand before anybody asks: in one process of all that share a
 * registry with locks, in each where it has none. It ends with the Payload instance, keeps no process up, and does nothing
 * while Next builds, nor on workerd, which has no time of its own: call `refresh` from `scheduled` there.
 *
 * A call that fails is logged, and the others go on.
 *
 * One function: its rounds share what ends them.
 *
 * @param name tells it from others of the site; the same in each process
 * @param calls or what finds them, each time anew
 * @returns what ends it
 * @throws PayloadKVError `INVALID_DURATION`, or `SEVERAL_INSTANCES` where it is not certain which Payload instance is meant
 */
export function keepWarm(
  name: string,
  calls: readonly WarmCall[] | (() => readonly WarmCall[] | Promise<readonly WarmCall[]>),
  options: KeepWarmOptions = {},
): () => void {
  const { atStart = true, concurrency = CONCURRENCY } = options;
  const interval = options.every === undefined ? undefined : 1000 * parseDuration(options.every, 'every');
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new PayloadKVError({
      code: 'INVALID_POLICY',
      message: `concurrency must be a positive whole number, not ${JSON.stringify(concurrency)}.`,
      nextStep: "Write for example keepWarm('prices', calls, { concurrency: 4 }).",
    });
  }
  const first = siteOf(options);
  if (isWorkerd()) {
    first?.instance.warn(
      `payload-kv: keepWarm("${name}") does nothing on Cloudflare Workers. Call refresh() from a Cron Trigger instead.`,
    );
    return () => undefined;
  }
  if (process.env.NEXT_PHASE === 'phase-production-build') return () => undefined;
  let isEnded = false;
  let isRunning = false;
  let its = first?.payload;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function end(): void {
    isEnded = true;
    clearTimeout(timer);
  }
  /** It ends with the instance, which may not have been there at the beginning. */
  function site(): FunctionSite | undefined {
    if (isEnded) return undefined;
    const found = siteOf(options);
    its ??= found?.payload;
    if (its && !livingInstances().includes(its)) end();
    return isEnded ? undefined : found;
  }

  async function run(): Promise<void> {
    const found = site();
    if (!found) return;
    const { reads } = found;
    try {
      const lease = await take(found, name);
      if (!lease) return;
      const startedAt = performance.now();
      const stop = every(LEASE / 3, () => void lease.extend(LEASE).catch(() => undefined));
      try {
        const waiting = [...(typeof calls === 'function' ? await calls() : calls)];
        const work = async (): Promise<void> => {
          for (let call = waiting.shift(); call && site(); call = waiting.shift()) {
            try {
              await call();
            } catch (error) {
              reads.onFault(error, `keeping "${name}" warm`);
            }
          }
        };
        await Promise.all(Array.from({ length: concurrency }, work));
      } finally {
        stop();
        // Not given back, unless it has ended before: nobody else is to do it again before its time.
        const left = (interval ? HELD * interval : HELD_ONCE) - (performance.now() - startedAt);
        if (left > 0 && !isEnded) await withTimeout(lease.extend(left), reads.writeTimeout);
        else await withTimeout(lease.release(), reads.writeTimeout);
      }
    } catch (error) {
      reads.onFault(error, `keeping "${name}" warm`);
    }
  }

  function begin(): void {
    // Without locks nobody else would keep a slow one from beginning again and again.
    if (isRunning) return;
    isRunning = true;
    // Where it ends with the site, that waits for it.
    const running = run().finally(() => {
      isRunning = false;
    });
    if (first) first.instance.background.run(running);
    // Then it is not certain which one is meant, which was said to who called it.
    else running.catch(() => undefined);
  }
  function plan(): void {
    if (interval === undefined || isEnded) return;
    timer = setTimeout(
      () => {
        begin();
        plan();
      },
      Math.min(interval * (0.9 + 0.2 * Math.random()), LONGEST),
    );
    timer.unref?.();
  }

  if (first) {
    const named = valueAt(schedules, first.payload, () => new Map<string, () => void>());
    named.get(name)?.();
    named.set(name, end);
  }
  if (atStart) begin();
  plan();
  return end;
}

/** The lock of a schedule; `undefined` where another process has run it, or does. */
async function take({ instance, reads }: FunctionSite, name: string): Promise<HeldLock | undefined> {
  const registry = instance.registry();
  const { locks } = registry;
  if (!locks) {
    instance.warn(
      `payload-kv: the ${registry.name} registry has no locks, so keepWarm("${name}") runs in each process of the site.`,
    );
    return UNSHARED;
  }
  const asking = locks.acquire(`keep-warm ${reads.site} ${name}`, LEASE) as ReturnType<Locks['acquire']>;
  return withTimeout(asking, reads.writeTimeout);
}

const UNSHARED: HeldLock = { token: 0, extend: async () => true, release: async () => undefined };
