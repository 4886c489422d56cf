/** The transaction of the write that code runs for, such as a hook of Payload's. */
import { currentCall } from './operation.js';
import { type TransactionID, transactionOf } from './request.js';

/** Its id, or `undefined` outside of one: at once where there is no write either. */
export function transactionAround(): Promise<TransactionID | undefined> | undefined {
  const requests: unknown[] = [];
  for (let call = currentCall(); call; call = call.parent)
    for (const { writes, isOver, request } of call.operations) if (writes && !isOver) requests.push(request);
  return requests.length > 0 ? firstOf(requests) : undefined;
}

async function firstOf(requests: readonly unknown[]): Promise<TransactionID | undefined> {
  for (const request of requests) {
    const id = await transactionOf(request);
    if (id !== undefined) return id;
  }
  return undefined;
}
