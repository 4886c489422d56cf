/** What a function returned, as entries have it. */
import { type EncodedResult, encodeResult } from '../entry/entry.js';
import type { FunctionSite } from './context.js';

/** `undefined` for what has no lossless text form, and for what throws when it is read. */
export function encodedResult({ reads }: FunctionSite, result: unknown): EncodedResult | undefined {
  try {
    return encodeResult(result, reads.envelope.serializer);
  } catch (error) {
    // A getter, a proxy or a serializer of the site's own may throw anything.
    reads.onFault(error, 'making an entry of what a function returned');
    return undefined;
  }
}

/** A value without any serializer; `undefined` likewise. */
export function plainResult(value: unknown): EncodedResult | undefined {
  try {
    return encodeResult(value);
  } catch {
    return undefined;
  }
}
