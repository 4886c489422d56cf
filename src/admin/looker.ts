/** Who looks at the admin view, and what they are shown of the site's cache. */
import { createLocalReq, type Payload, type PayloadRequest } from 'payload';
import { personOf } from '../runtime/observe/endpoints/access.js';
import { type Observation, observationOf } from '../runtime/observe/observation.js';
import { BASE } from '../runtime/observe/signature.js';
import type { Texts } from './texts/en.js';
import { textsOf } from './texts/texts.js';

/** The observation of a site, for those who may see it, as by the endpoints; `undefined` for others. */
export async function observationFor(req: PayloadRequest): Promise<Observation | undefined> {
  const observation = observationOf(req.payload);
  if (!observation) return undefined;
  const { access } = observation.options;
  const onFault = (error: unknown): void =>
    req.payload.logger.error({
      err: error,
      msg: 'payload-kv: `access` of observe() threw, so the admin view is closed',
    });
  const person = await personOf({ req, body: '', options: { access }, token: undefined, onFault });
  return person && observation;
}

/** What a component that is no view is given by Payload. */
export interface ComponentProps {
  payload: Payload;
  user?: PayloadRequest['user'];
  i18n: { language: string };
}

/** The request of whoever a component is rendered for, which Payload gives to views only. */
export async function requestFor({ payload, user }: ComponentProps): Promise<PayloadRequest> {
  const { headers } = await import('next/headers.js');
  return createLocalReq({ user: user ?? undefined, req: { headers: new Headers(await headers()) } }, payload);
}

/** What the parts in the browser are given. */
export function forBrowser(
  payload: Payload,
  language: string,
): { base: string; texts: Texts; language: string } {
  const { serverURL, routes } = payload.config;
  const base = `${serverURL || (process.env.NEXT_BASE_PATH ?? '')}${routes.api}${BASE}`;
  return { base, texts: textsOf(payload, language), language };
}

/** An address below that of the admin panel. */
export function adminPath({ config }: Payload, path: string): string {
  const { admin } = config.routes;
  return `${admin === '/' ? '' : admin}${path}`;
}
