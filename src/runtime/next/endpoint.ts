/** Takes the requests of signed-request.ts, in the site. */
import type { Endpoint } from 'payload';
import { boundedBody } from '../../platform/bounded-body.js';
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
      const body = signature ? await boundedBody(req as unknown as Request, LONGEST_BODY) : undefined;
      if (!body) return answer(400);
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
