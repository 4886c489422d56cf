/** Whether whole responses come from the cache: by the flag, or asked where there is a route of Payload's. */
import { PayloadKVError } from '../../errors.js';
import { hasWrappedRoute, payloadRoutes } from '../../plan/commands/responses-plan.js';
import type { Questions } from '../terminal/questions.js';
import type { AnswerFlags } from './answer-flags.js';

/** Refuses `--responses` where there is nothing to wrap. */
export function requireRoutes(
  { responses }: Pick<AnswerFlags, 'responses'>,
  routes: Readonly<Record<string, string>>,
): void {
  if (responses !== true || payloadRoutes(routes).length > 0) return;
  const others = Object.keys(routes).sort();
  throw new PayloadKVError({
    code: 'INVALID_RESPONSES',
    message:
      '--responses is for Next sites, and no `route.ts` or `route.js` here makes REST_GET or GRAPHQL_POST of @payloadcms/next/routes.',
    nextStep:
      others.length > 0
        ? `Wrap the handler by hand, with \`withResponseCache\` of payload-kv/responses; ${others.slice(0, 3).join(', ')} names that module.`
        : 'Leave it out, or run it where the site is.',
  });
}

/**
 * Whether Payload's routes are to answer from the cache; `undefined` where they are left as they are. No is proposed: it
 * changes answers of HTTP, and hooks of reads no longer run for each of them.
 */
export async function responsesAnswer(
  { responses }: Pick<AnswerFlags, 'responses'>,
  routes: Readonly<Record<string, string>>,
  asks: boolean,
  questions: Questions,
): Promise<boolean | undefined> {
  if (responses !== undefined) return responses;
  if (!asks || payloadRoutes(routes).length === 0) return undefined;
  const isSo = hasWrappedRoute(routes);
  const answer = await questions.confirm(
    'Are whole responses of REST and GraphQL to come from the cache, where nobody is signed in?',
    isSo,
  );
  return answer === isSo ? undefined : answer;
}
