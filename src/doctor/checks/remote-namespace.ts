import { atEachPlace } from '../at-each-place.js';
import type { Check } from '../check.js';
import { deployedNamespaces, shownNamespace, titleOf } from '../deployed-namespace.js';
import { namespaceOf } from '../kv-store.js';

/** The namespace of the config, or where it names none the deployed one, is in the account. */
export const remoteNamespace: Check = {
  id: 'remote-namespace',
  title: 'Namespace in the account',
  run: (context) =>
    atEachPlace(
      context,
      'kv',
      'warn',
      async ({ env, declared }, namespaces, { remote, binding, wrangler }) => {
        const id = namespaceOf(declared, binding)?.id;
        const isThere = (wanted: string) => namespaces.some((namespace) => namespace.id === wanted);
        const create = context.command(
          `wrangler kv namespace create ${binding}${env ? ` --env ${env}` : ''}`,
        );
        if (id !== undefined) {
          if (isThere(id)) return { status: 'ok', text: titleOf(id, namespaces) };
          const similar = namespaces.filter(({ title }) => title.includes(binding));
          return {
            status: 'fail',
            text: `${wrangler.path} names ${id}, which the account does not have: it was deleted, or is another account's`,
            fix: [
              ...(similar.length > 0
                ? [
                    `Write the id of the right one: ${similar.map((each) => shownNamespace(each.id, namespaces)).join(', ')}`,
                  ]
                : []),
              `Create one and write its id there: ${create}`,
              'Or choose the account it belongs to, with "account_id" in the wrangler config.',
            ].join('\n'),
          };
        }
        const deployed = deployedNamespaces(await remote.deployed(env), binding);
        if (deployed.length === 0) {
          return { status: 'ok', text: 'none yet: wrangler creates it at the first deploy with the binding' };
        }
        const gone = deployed.find((each) => !isThere(each));
        if (gone !== undefined) {
          return {
            status: 'fail',
            text: `the deployed Worker has ${gone}, which the account does not have any more`,
            fix: `Create one and write its id into ${wrangler.path}, then deploy: ${create}`,
          };
        }
        return {
          status: 'ok',
          text: `${deployed.map((each) => shownNamespace(each, namespaces)).join(' and ')}, as deployed: ${wrangler.path} names none`,
        };
      },
    ),
};
