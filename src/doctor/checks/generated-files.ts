import path from 'node:path';
import { type Check, fail, ok } from '../check.js';

/** The files that `init` writes are there. */
export const generatedFiles: Check = {
  id: 'generated-files',
  title: 'Generated files',
  run({ paths, read, wrapper, command }) {
    if (!wrapper) {
      return fail(`${paths.wrapper} is missing`, { fix: `Run: ${command('payload-kv init')}` });
    }
    if (wrapper.calls.length !== 1) {
      const how = wrapper.calls.length === 0 ? 'does not call' : `calls ${wrapper.calls.length} times`;
      return fail(`${wrapper.path} ${how} \`payloadKV\``, {
        ...(wrapper.calls.length > 1
          ? { details: wrapper.calls.map((line) => `${wrapper.path}:${line}`) }
          : {}),
        fix:
          wrapper.calls.length === 0
            ? `Export \`payloadKV({ … })\` from it, or move the file away and run: ${command('payload-kv init')}`
            : 'Leave one call, and export its result.',
      });
    }
    if (read(paths.schema) === undefined) {
      return fail(`${paths.schema} is missing`, { fix: `Run: ${command('payload-kv sync')}` });
    }
    const needsHooks = wrapper.relativeImports.find(({ specifier }) => /^\.\/hooks(\.|$)/.test(specifier));
    if (needsHooks && read(paths.hooks) === undefined) {
      return fail(`${paths.hooks} is missing, and ${wrapper.path}:${needsHooks.line} imports it`, {
        fix: `Restore it from version control, or remove the import and \`hooks\` from ${wrapper.path}.`,
      });
    }
    return ok(
      `${path.posix.basename(paths.wrapper)}, ${path.posix.basename(paths.schema)} in ${paths.directory}`,
    );
  },
};
