import { TimeoutError, withTimeout } from './timeout.js';

/**
 * The pages of a listing, as long as they come within so many milliseconds in all: a store may be slow, or hold more than
 * anybody can look through.
 *
 * @throws TimeoutError where they do not, and what the listing throws
 */
export async function* listedWithin<Page>(
  pages: AsyncIterable<Page>,
  milliseconds: number,
): AsyncGenerator<Page, void> {
  const listing = pages[Symbol.asyncIterator]();
  const until = Date.now() + milliseconds;
  try {
    for (;;) {
      const left = until - Date.now();
      if (left <= 0) throw new TimeoutError(`it was not listed within ${milliseconds} ms`);
      const { done, value } = await withTimeout(Promise.resolve(listing.next()), left);
      if (done) return;
      yield value;
    }
  } finally {
    // Nobody waits for it: one that does not answer does not end either.
    Promise.resolve(listing.return?.()).catch(() => undefined);
  }
}
