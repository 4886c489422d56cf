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

/** The title of a namespace; where the account does not have it, its id. */
export function titleOf(id: string, namespaces: readonly RemoteNamespace[]): string {
  return namespaces.find((namespace) => namespace.id === id)?.title ?? id;
}

/** A namespace as a person knows it: title and id. */
export function shownNamespace(id: string, namespaces: readonly RemoteNamespace[]): string {
  const title = titleOf(id, namespaces);
  return title === id ? id : `${title} (${id})`;
}
