/** What a site answers, and why it does not: the same for all that asks one. */
import { PayloadKVError } from '../../errors.js';

/** A body, unless it is longer than so many MB. */
export async function bytesOf({ body }: Response, megabytes: number): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  // What is left when the loop ends is cancelled.
  for await (const piece of body ?? []) {
    length += piece.length;
    if (length > megabytes * 1024 * 1024) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** What a text is as JSON; `undefined` where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * The error `SITE_UNREACHABLE`, of a request that had no answer.
 *
 * @param patience how long was waited for it, in milliseconds
 */
export function unreachable(url: URL, error: unknown, patience: number): PayloadKVError {
  const { message, nextStep = 'Start the site, or correct its address.' } = whyUnreachable(
    url,
    error,
    patience,
  );
  return new PayloadKVError({ code: 'SITE_UNREACHABLE', message, nextStep, cause: error });
}

/** Why a request had no answer; with what to do about it where the reason tells that. */
export function whyUnreachable(
  { origin, host, protocol, pathname }: URL,
  error: unknown,
  patience: number,
): { message: string; nextStep?: string } {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  const { code = '' } = cause ?? {};
  if (/CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|INVALID_CA/.test(code)) {
    return {
      message: `${origin} has a certificate that is not trusted here (${code}).`,
      nextStep:
        'Name the authority of the certificate with NODE_EXTRA_CA_CERTS=<file>, or ask the site by a name that the certificate has.',
    };
  }
  if (protocol === 'https:' && /^ERR_SSL_|^EPROTO$/.test(code)) {
    const path = pathname === '/api' ? '' : pathname;
    return {
      message: `${origin} speaks no TLS that is understood here (${code}).`,
      nextStep: `Ask it by http: --url http://${host}${path}`,
    };
  }
  const why =
    name === 'TimeoutError' ? ` within ${patience / 1000} seconds` : code === '' ? '' : ` (${code})`;
  return { message: `${origin} does not answer${why}.` };
}
