import type { Plugin } from 'esbuild';

/** Stands for the `payload` of the site, of which this package takes one function. */
export const stubPayload: Plugin = {
  name: 'payload',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^payload$/ }, ({ path }) => ({ path, namespace: 'stub' }));
    onLoad({ filter: /.*/, namespace: 'stub' }, () => ({
      contents: `export const getRequestLanguage = () => 'en';`,
    }));
  },
};
