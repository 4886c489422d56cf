/** Error of a call that did not answer in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * Rejects with {@link TimeoutError} if the promise takes longer than `milliseconds`. A process that was busy finds the
 * timer before an answer that came in time: for as long as it was late the answer is waited for once more.
 */
export async function withTimeout<Value>(promise: Promise<Value>, milliseconds: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const due = Date.now() + milliseconds;
  const limit = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(new TimeoutError(`no answer within ${milliseconds} ms`));
    timer = setTimeout(() => {
      timer = setTimeout(fail, Math.min(Math.max(0, Date.now() - due), milliseconds));
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
