/** What readers say of what they were given. */
import type { Payload } from 'payload';
import { PayloadKVError } from '../../errors.js';
import { instanceOf } from '../carried-instance.js';

/** Something that a reader cannot do without. */
export function missing(reader: string, what: string, example: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_READER',
    message: `${reader}() needs ${what}.`,
    nextStep: `Give it one: ${example}.`,
  });
}

/** Says something to the site's log, the same once in a while. */
export function warnOnce(payload: Payload, message: string): void {
  instanceOf(payload)?.warn(`payload-kv: ${message}`);
}
