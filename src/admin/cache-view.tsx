import { Gutter, SetStepNav } from '@payloadcms/ui';
import type { PayloadRequest } from 'payload';
import { PATH } from '../runtime/observe/admin-view.js';
import { type Observation, observationOf } from '../runtime/observe/observation.js';
import type { Statistics } from '../runtime/observe/snapshot.js';
import { LiveCache } from './live-cache.js';
import { adminPath, forBrowser, observationFor } from './looker.js';
import { STYLES } from './styles.js';

/** What Payload gives a view. */
interface CacheViewProps {
  initPageResult: {
    req: PayloadRequest;
    locale?: unknown;
    permissions: { canAccessAdmin?: boolean };
    visibleEntities: { collections: string[]; globals: string[] };
  };
  params?: unknown;
  searchParams?: unknown;
  viewActions?: unknown;
}

/** The view of the cache. Payload lets anybody see a custom view: who may is asked here. */
export async function CacheView({ initPageResult, params, searchParams, viewActions }: CacheViewProps) {
  const { req, locale, permissions, visibleEntities } = initPageResult;
  const { payload, user, i18n } = req;
  if (!user || !permissions.canAccessAdmin) await turnAway(req);
  const observation = await observationFor(req);
  // Its styles are of the panel: they would break who evaluates a config that imports them.
  const { DefaultTemplate } = await import('@payloadcms/next/templates');
  const shown = forBrowser(payload, i18n.language);
  const { texts } = shown;
  return (
    <DefaultTemplate
      i18n={i18n}
      locale={locale}
      params={params}
      payload={payload}
      permissions={permissions}
      req={req}
      searchParams={searchParams}
      user={user ?? undefined}
      viewActions={viewActions}
      visibleEntities={{ collections: visibleEntities.collections, globals: visibleEntities.globals }}
    >
      <SetStepNav nav={[{ label: texts.title }]} />
      <Gutter>
        <style href="payload-cache" precedence="default">
          {STYLES}
        </style>
        <main className="payload-cache">
          {observation ? (
            <LiveCache initial={await numbersOf(observation)} {...shown} />
          ) : (
            <>
              <h1>{texts.title}</h1>
              <p>{observationOf(payload) ? texts.refused : texts.notWatched}</p>
            </>
          )}
        </main>
      </Gutter>
    </DefaultTemplate>
  );
}

/** As the endpoint sends them: React hands on to the browser only objects of the common kind. */
const numbersOf = async (observation: Observation): Promise<Statistics> =>
  JSON.parse(JSON.stringify(await observation.statistics('all')));

/** To where somebody signs in who has not, and to where others are told that they may not. */
async function turnAway({ payload, user }: PayloadRequest): Promise<never> {
  const { redirect } = await import('next/navigation.js');
  const { login, unauthorized } = payload.config.admin.routes;
  const back = new URLSearchParams({ redirect: adminPath(payload, PATH) });
  return redirect(`${adminPath(payload, (user ? unauthorized : login) ?? '/login')}?${back}`);
}
