import { atEachPlace, deployAgain, NEVER_DEPLOYED } from '../at-each-place.js';
import type { Check } from '../check.js';
import { deployedNamespaces, shownNamespace, titleOf } from '../deployed-namespace.js';
import { namespaceOf, placesOf } from '../kv-store.js';

/** The deployed Worker has the binding, and it leads to the namespace of the config. */
export const remoteBinding: Check = {
  id: 'remote-binding',
  title: 'Binding of the deployed Worker',
  run: (context) =>
    atEachPlace(
      context,
      'kv',
      'warn',
      async ({ env, declared }, namespaces, { remote, binding, wrangler }) => {
        const versions = await remote.deployed(env);
        if (!versions) return NEVER_DEPLOYED;
        const { id, previewId } = namespaceOf(declared, binding) ?? {};
        for (const bindings of versions) {
          const found = bindings.find(({ name }) => name === binding);
          if (found?.namespaceId === undefined) {
            return {
              status: 'fail',
              text: found
                ? `${binding} is of the type ${found.type} there, no KV namespace`
                : `the deployed Worker has no ${binding}: its cache answers nothing`,
              fix: deployAgain(env),
            };
          }
          if (id === undefined || found.namespaceId === id) continue;
          return {
            status: 'fail',
            text: `${binding} leads to ${shownNamespace(found.namespaceId, namespaces)}${whose(found.namespaceId)}, ${wrangler.path} names ${shownNamespace(id, namespaces)}`,
            fix: `Deploy again, so that the Worker takes the namespace of ${wrangler.path}; or write the id of the deployed one there.`,
          };
        }
        const ids = deployedNamespaces(versions, binding);
        if (previewId !== undefined && ids.includes(previewId)) {
          return {
            status: 'warn',
            text: `preview_id of ${binding} is the namespace of the live site: \`wrangler dev --remote\` writes into it`,
            fix: `Give previews a namespace of their own: ${context.command(`wrangler kv namespace create ${binding} --preview`)}`,
          };
        }
        const shown = ids.map((each) => titleOf(each, namespaces)).join(' and ');
        return { status: 'ok', text: `${binding} leads to ${shown}` };

        /** Where else the config names a namespace. */
        function whose(deployed: string): string {
          if (deployed === previewId) return ', which is its preview_id';
          const other = placesOf(wrangler).find(
            (place) => place.env !== env && namespaceOf(place.declared, binding)?.id === deployed,
          );
          if (!other) return '';
          return other.env ? `, which is that of env.${other.env}` : ', which is that of the top level';
        }
      },
    ),
};
