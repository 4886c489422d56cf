import handler from './.open-next/worker.js';
import { track } from './track';

/** Counts what comes in. */
export default {
  async fetch(request: Request, env: unknown, ctx: unknown) {
    track(request);
    return handler.fetch(request, env, ctx);
  },
};
