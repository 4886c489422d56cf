import { DocumentPurge } from './document-purge.js';
import { type ComponentProps, forBrowser, observationFor, requestFor } from './looker.js';

/** On a document or global: what the cache holds of it, and the button that purges it, for those who may. */
export async function DocumentCache(props: ComponentProps) {
  const observation = await observationFor(await requestFor(props));
  if (!observation) return null;
  const { policies } = observation.ownStatistics();
  const cached = Object.keys(policies).filter((name) => policies[name]?.cached);
  return <DocumentPurge {...forBrowser(props.payload, props.i18n.language)} cached={cached} />;
}
