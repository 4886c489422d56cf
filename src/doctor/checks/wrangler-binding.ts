import { type Check, counted, fail, ok, warn } from '../check.js';
import {
  bindingFix,
  kvStore,
  namespaceOf,
  type Place,
  PROVISIONING,
  placesOf,
  provisions,
} from '../kv-store.js';

/** The wrangler config declares the binding wherever it is needed, with a real namespace. */
export const wranglerBinding: Check = {
  id: 'wrangler-binding',
  title: 'Binding in the wrangler config',
  run(context) {
    const store = kvStore(context);
    if (!store) return undefined;
    const { project, wrapper, findPackage, command } = context;
    const { wrangler } = project;
    const { binding } = store;
    if (binding === undefined) {
      return warn(`not checked: the binding of \`${store.expression}\` is not written out`, {
        fix: `Write its name as text at ${wrapper!.path}:${store.line}.`,
      });
    }
    if (!wrangler) {
      return fail('there is no wrangler config for the binding', {
        fix: `Write a wrangler.jsonc beside the package.json with:\n"kv_namespaces": [{ "binding": "${binding}" }]`,
      });
    }

    const places = placesOf(wrangler);
    const missing = places.filter(({ declared }) => !namespaceOf(declared, binding));
    if (missing.length > 0) {
      return fail(
        `${wrangler.path} does not declare ${binding} ${missing.map(({ where }) => where).join(' and ')}`,
        {
          details: missing.flatMap(({ where, declared }) =>
            declared.kvNamespaces.length > 0
              ? [`${where} there is ${declared.kvNamespaces.map((each) => each.binding).join(', ')}`]
              : [],
          ),
          fix: bindingFix(context, wrangler, binding),
        },
      );
    }

    const placeholder = places.find(({ declared }) => isPlaceholder(namespaceOf(declared, binding)?.id));
    if (placeholder) {
      const id = namespaceOf(placeholder.declared, binding)?.id;
      return fail(`the id "${id}" of ${binding} ${placeholder.where} of ${wrangler.path} is a placeholder`, {
        fix: `Create the namespace and write its id there: ${command(
          `wrangler kv namespace create ${binding}${placeholder.env ? ` --env ${placeholder.env}` : ''}`,
        )}`,
      });
    }

    const shared = sharedNamespace(places, binding);
    if (shared) {
      return fail(
        `${shared.join(' and ')} share the namespace of ${binding}, but not the database: each would serve the other's content`,
        {
          fix: `Give each its own namespace: ${command(`wrangler kv namespace create ${binding} --env NAME`)}`,
        },
      );
    }

    const withoutId = places.filter(({ declared }) => !namespaceOf(declared, binding)?.id);
    if (withoutId.length > 0 && !provisions(context)) {
      return fail(
        `${binding} has no id ${withoutId.map(({ where }) => where).join(' and ')}, and wrangler ${findPackage('wrangler')?.version} does not create namespaces`,
        {
          fix: `Update wrangler to ${PROVISIONING} or newer, or create the namespace: ${command(`wrangler kv namespace create ${binding}`)}`,
        },
      );
    }
    const summary = `${binding} in ${wrangler.path}, ${counted(places.length, 'environment')}`;
    return ok(
      summary,
      withoutId.map(({ where }) => `no id ${where}: wrangler creates the namespace at the next deploy`),
    );
  },
};

/** A real id is 32 hexadecimal digits, and not all the same. */
function isPlaceholder(id: string | undefined): boolean {
  return id !== undefined && (!/^[0-9a-f]{32}$/i.test(id) || /^(.)\1*$/.test(id));
}

/** Two places with one namespace and different databases. */
function sharedNamespace(places: Place[], binding: string): string[] | undefined {
  for (const [position, one] of places.entries()) {
    for (const other of places.slice(position + 1)) {
      const id = namespaceOf(one.declared, binding)?.id;
      if (!id || id !== namespaceOf(other.declared, binding)?.id) continue;
      const databases = [one, other].map(({ declared }) =>
        declared.d1Databases.map((each) => each.databaseId).join(),
      );
      if (databases[0] !== databases[1])
        return [one, other].map(({ env }) => (env ? `env.${env}` : 'the top level'));
    }
  }
  return undefined;
}
