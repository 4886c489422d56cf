import type { Finding, Target } from './at-each-place.js';
import { namespaceOf, type Place } from './kv-store.js';
import type { DeployedBinding, RemoteNamespace } from './remote.js';

/** Ids of the namespaces that deployed versions have under a binding's name, each once. */
export function deployedNamespaces(versions: DeployedBinding[][] | undefined, binding: string): string[] {
  const ids = (versions ?? []).flatMap((bindings) =>
    bindings.flatMap(({ name, namespaceId }) =>
      name === binding && namespaceId !== undefined ? [namespaceId] : [],
    ),
  );
  return [...new Set(ids)];
}

/** The namespace that the site at a place uses: as it is deployed, else as the config says. */
export async function namespaceInUse(
  { env, declared }: Place,
  namespaces: readonly RemoteNamespace[],
  { remote, binding }: Target,
): Promise<string | Finding> {
  // What the credentials may not see of the deployment is told by its own check.
  const deployed = await remote.deployed(env).catch(() => undefined);
  const id = deployedNamespaces(deployed, binding)[0] ?? namespaceOf(declared, binding)?.id;
  if (id === undefined)
    return { status: 'warn', text: 'not checked: there is no namespace yet', isAbsent: true };
  if (!namespaces.some((namespace) => namespace.id === id)) {
    return { status: 'warn', text: 'not checked: the account does not have the namespace, see above' };
  }
  return id;
}

/** The title of a namespace; where the account does not have it, its id. */
export function titleOf(id: string, namespaces: readonly RemoteNamespace[]): string {
  return namespaces.find((namespace) => namespace.id === id)?.title ?? id;
}

/** A namespace as a person knows it: title and id. */
export function shownNamespace(id: string, namespaces: readonly RemoteNamespace[]): string {
  const title = titleOf(id, namespaces);
  return title === id ? id : `${title} (${id})`;
}
