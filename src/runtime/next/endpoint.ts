/** Takes the requests of signed-request.ts, in the site. */
import type { Endpoint } from 'payload';
import { revalidateHere } from './push.js';
import { ENDPOINT, LONGEST_BODY, SIGNATURE, verified } from './signed-request.js';
import { loadWork, work } from './work.js';

/** The endpoint that the plugin adds to Payload's REST. */
export function revalidationEndpoint(): Endpoint {
  return {
    path: ENDPOINT,
    method: 'post',
    async handler(req) {
      const signature = req.headers.get(SIGNATURE) ?? '';
      const body = signature ? await bodyOf(req as unknown as Request) : undefined;
      if (body === undefined) return answer(400);
      const tags = await verified(req.payload.secret, body, signature);
      if (!tags) return answer(401);
      await loadWork();
      const next = work();
      return answer(next && revalidateHere(next, tags) ? 204 : 503);
    },
  };
}

const answer = (status: number): Response =>
  new Response(null, { status, headers: { 'cache-control': 'no-store' } });

/** The text of a request, as long as it is short. */
async function bodyOf(request: Request): Promise<string | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > LONGEST_BODY) return undefined;
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  if (!reader) return undefined;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts).toString('utf8');
    size += value.byteLength;
    if (size > LONGEST_BODY) {
      await reader.cancel();
      return undefined;
    }
    parts.push(value);
  }
}
