/** Asks a site for pages and documents, as somebody who is not logged in. */
import { unreachable } from '../site/site-answer.js';

/** Redirections that are followed, within the site. */
const MOST_REDIRECTIONS = 3;
const LONGEST_ANSWER_MS = 60_000;

/** Who asks. */
export interface Visitor {
  /** Nothing of another is asked for. */
  origin: string;
  /**
   * Asks, and follows redirections within the site.
   * @throws PayloadKVError `SITE_UNREACHABLE`
   */
  get(address: string, headers?: Record<string, string>): Promise<Response>;
}

/**
 * A visitor of one site.
 * @param basic the header `authorization`, for a site that is behind that
 */
export function createVisitor(origin: string, basic?: string): Visitor {
  async function get(address: string, headers: Record<string, string> = {}): Promise<Response> {
    let at = new URL(address);
    for (let redirections = 0; ; redirections += 1) {
      const response = await ask(at.href, headers);
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) return response;
      const next = URL.canParse(location, at.href) ? new URL(location, at) : undefined;
      if (next?.origin !== origin || redirections >= MOST_REDIRECTIONS) return response;
      await response.body?.cancel();
      at = next;
    }
  }

  async function ask(at: string, headers: Record<string, string>): Promise<Response> {
    try {
      return await fetch(at, {
        headers: {
          accept: 'text/html,application/json;q=0.9,*/*;q=0.8',
          'user-agent': 'payload-kv warm',
          ...(basic === undefined ? {} : { authorization: basic }),
          ...headers,
        },
        redirect: 'manual',
        signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
      });
    } catch (error) {
      throw unreachable(new URL(at), error, LONGEST_ANSWER_MS);
    }
  }

  return { origin, get };
}
