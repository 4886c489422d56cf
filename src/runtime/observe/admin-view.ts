/** Puts the admin view into the config of a site. */
import type { CollectionConfig, Config, GlobalConfig } from 'payload';

/** Where the view is, below the address of the admin panel. */
export const PATH = '/cache';
/** Its name among the views of the site. */
const VIEW = 'payloadCache';

/**
 * The components, for Payload's import map: whoever evaluates a config with components in it, such as Payload's command
 * line, would need what reads their styles.
 */
export const COMPONENTS = {
  view: 'payload-kv/rsc#CacheView',
  navLink: 'payload-kv/rsc#CacheNavLink',
  document: 'payload-kv/rsc#DocumentCache',
} as const;

/** The config with the view, a link to it, and a button on each document and global. A view of the site's own stays. */
export function withAdminView(config: Config): Config {
  const { admin = {} } = config;
  const { components = {} } = admin;
  if (components.views?.[VIEW]) return config;
  const view = {
    Component: COMPONENTS.view,
    path: PATH,
    exact: true,
    meta: { title: 'Cache' },
  } as const;
  return {
    ...config,
    admin: {
      ...admin,
      components: {
        ...components,
        afterNavLinks: [...(components.afterNavLinks ?? []), COMPONENTS.navLink],
        views: { ...components.views, [VIEW]: view },
      },
    },
    collections: config.collections?.map(withDocument),
    globals: config.globals?.map(withGlobal),
  };
}

function withDocument(collection: CollectionConfig): CollectionConfig {
  const { admin = {} } = collection;
  const { edit = {} } = admin.components ?? {};
  const beforeDocumentControls = [...(edit.beforeDocumentControls ?? []), COMPONENTS.document];
  const components = { ...admin.components, edit: { ...edit, beforeDocumentControls } };
  return { ...collection, admin: { ...admin, components } };
}

function withGlobal(global: GlobalConfig): GlobalConfig {
  const { admin = {} } = global;
  const { elements = {} } = admin.components ?? {};
  const beforeDocumentControls = [...(elements.beforeDocumentControls ?? []), COMPONENTS.document];
  const components = { ...admin.components, elements: { ...elements, beforeDocumentControls } };
  return { ...global, admin: { ...admin, components } };
}
