import type { Plugin } from 'esbuild';

/** Stands for the `payload` of the site, of which this package takes two functions, for its admin panel and for Next. */
export const stubPayload: Plugin = {
  name: 'payload',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(payload|@payloadcms\/.*)$/ }, ({ path }) => ({ path, namespace: 'stub' }));
    onLoad({ filter: /^payload$/, namespace: 'stub' }, () => ({
      contents: `export const getRequestLanguage = () => 'en', createLocalReq = () => ({});`,
    }));
    // What the components of the panel import is there where Next is.
    onResolve({ filter: /^next\/(navigation|headers)/ }, ({ path }) => ({
      path: `@${path}`,
      namespace: 'stub',
    }));
    onLoad({ filter: /^@/, namespace: 'stub' }, () => ({ contents: 'module.exports = {};' }));
  },
};
