import { PayloadKVError } from '../../errors.js';
import { keyPrefix } from '../../platform/environment.js';
import { atEachPlace, type Finding } from '../at-each-place.js';
import type { Check } from '../check.js';
import { namespaceInUse, titleOf } from '../deployed-namespace.js';
import { untilInterrupted } from '../interruption.js';
import { kvStore } from '../kv-store.js';
import type { Remote } from '../remote.js';
import { doctorKey } from '../store-round-trip.js';

/** What is put into the deployed namespace comes out of it again. */
export const remoteRoundTrip: Check = {
  id: 'remote-round-trip',
  title: 'Round trip through the deployed namespace',
  run: (context) => {
    const prefix = keyPrefix(kvStore(context)?.settings?.prefix?.text);
    const trips = new Map<string, Promise<Finding>>();
    return atEachPlace(context, 'kv', 'fail', async (place, namespaces, target) => {
      const id = await namespaceInUse(place, namespaces, target);
      if (typeof id !== 'string') return id;
      // Environments may share it.
      const trip = trips.get(id) ?? travel(target.remote, place.env, id, prefix, titleOf(id, namespaces));
      trips.set(id, trip);
      return trip;
    });
  },
};

async function travel(
  remote: Remote,
  env: string | undefined,
  id: string,
  prefix: string,
  shown: string,
): Promise<Finding> {
  const key = `${prefix}${doctorKey()}`;
  const value = `doctor-${crypto.randomUUID()}`;
  const interruption = untilInterrupted();
  const steps: { found?: string | undefined; failure?: unknown } = {};
  try {
    await remote.put(env, id, key, value);
    // A moment later once more: another location may not have it yet.
    for (
      let attempt = 0;
      attempt < 2 && !interruption.happened() && !steps.found?.includes(value);
      attempt++
    ) {
      steps.found = await remote.get(env, id, key);
    }
  } catch (error) {
    steps.failure = error;
  }
  // Whatever happened: a write without an answer may have been done all the same.
  const remove = () =>
    remote.delete(env, id, key).then(
      () => undefined,
      (error: unknown) => error,
    );
  const wasInterrupted = interruption.happened();
  let left = await remove();
  // Ctrl-C meanwhile ended that command as well.
  if (interruption.happened() && !wasInterrupted) left = await remove();
  if (interruption.end()) {
    throw new PayloadKVError({
      code: 'CANCELLED',
      message: left
        ? `Cancelled; ${key} expires within a minute.`
        : 'Cancelled; the key of the round trip is deleted.',
    });
  }
  if (steps.failure) throw steps.failure;
  if (!steps.found?.includes(value)) {
    return {
      status: 'fail',
      text: `what was put into ${shown} did not come back`,
      fix: 'Run doctor again; if it stays so, see https://www.cloudflarestatus.com.',
    };
  }
  if (left) {
    return {
      status: 'fail',
      text: `${key} could not be deleted from ${shown}: ${left instanceof Error ? left.message : left}`,
      fix: 'It expires within a minute. Run doctor again.',
    };
  }
  return { status: 'ok', text: `put, get and delete in ${shown}` };
}
