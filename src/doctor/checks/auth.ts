import { STORES_OUTSIDE } from '../../plan/commands/refuse-open-auth.js';
import { type Check, fail, ok, warn } from '../check.js';

/** Collections with accounts are cached only on purpose. */
export const auth: Check = {
  id: 'auth',
  title: 'Auth collections',
  run({ project, wrapper }) {
    if (!wrapper || wrapper.calls.length === 0) return undefined;
    const withAuth = new Set(project.schema.collections.filter((each) => each.auth).map(({ slug }) => slug));
    const cached = wrapper.policies.filter(
      ({ slug, type, enabled }) => type === 'collection' && enabled && withAuth.has(slug),
    );
    const outside = wrapper.stores.find(
      ({ factory }) => factory !== undefined && STORES_OUTSIDE.has(factory),
    );
    const isOpen = outside !== undefined && wrapper.encryption === undefined;
    const open = isOpen
      ? wrapper.policies.find(({ allowAuth, enabled }) => allowAuth === true && enabled)
      : undefined;
    if (open) {
      const { slug, line } = open;
      return fail(
        `\`${slug}\` at ${wrapper.path}:${line} would put hashes and salts of passwords into ${outside?.factory}(), so the plugin refuses it`,
        {
          fix: `Write \`${slug}: { allowAuth: 'without-secrets' }\` at ${wrapper.path}:${line}; or, if whole accounts are to be cached, add \`encryption: aesGCM()\` to the options.`,
        },
      );
    }
    const unknowing = cached.find(({ allowAuth }) => !allowAuth);
    if (unknowing) {
      const { slug, line } = unknowing;
      return fail(
        `\`${slug}\` has auth, and ${wrapper.path}:${line} names it without \`allowAuth\`, so it is not cached`,
        {
          fix: `Remove \`${slug}\` at ${wrapper.path}:${line}; or, if users are to be cached without their secrets, write \`${slug}: { allowAuth: 'without-secrets' }\`.`,
        },
      );
    }
    const listed = (policies: typeof cached) =>
      policies.map(({ slug, line }) => `\`${slug}\` (${wrapper.path}:${line})`).join(', ');
    const whole = cached.filter(({ allowAuth }) => allowAuth === true);
    if (whole.length > 0) {
      return warn(`cached on purpose: ${listed(whole)}`, {
        fix: `Nothing, if it is meant so: hashes of passwords and sessions of these accounts are kept in the store${wrapper.encryption === undefined ? '' : ', encrypted'}.`,
      });
    }
    const unread = wrapper.unread.find(({ path }) => path === 'options' || path === 'collections');
    if (unread) {
      return warn(
        `not checked: \`${unread.expression}\` at ${wrapper.path}:${unread.line} is not written out`,
      );
    }
    if (cached.length > 0) {
      return ok(`cached without secrets: ${listed(cached)}. Hidden fields and sessions are kept out`);
    }
    return ok(withAuth.size > 0 ? `${[...withAuth].join(', ')}: not cached` : 'there are none');
  },
};
