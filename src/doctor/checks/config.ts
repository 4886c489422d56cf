import { wireConfig } from '../../plan/config-edit.js';
import { type Check, fail, ok, warn } from '../check.js';

/** The Payload config was found and uses the cache exactly once. */
export const config: Check = {
  id: 'config',
  title: 'Payload config',
  run({ project, paths, wrapper, command }) {
    const { configShape: shape, style } = project;
    const { wired, plugins } = shape;
    const file = shape.config.path;
    if (wired.elements === 1) {
      const { file: at = file, line = 1 } = wired.elementLocation ?? {};
      return ok(`${at}:${line} uses the cache once`);
    }
    if (wired.elements > 1) {
      return fail(
        `\`plugins\` of ${file} uses the cache ${wired.elements} times: each adapter would be wrapped again`,
        {
          fix: `Leave one of them in \`plugins\`${wired.elementLocation ? `; the first is at ${wired.elementLocation.file}:${wired.elementLocation.line}` : ''}.`,
        },
      );
    }
    if (wired.import && plugins.kind === 'other') {
      return warn(
        `${file} imports the cache, but whether \`plugins\` has it cannot be read: ${plugins.reason}`,
        {
          fix: `See that \`plugins\` at ${plugins.location.file}:${plugins.location.line} contains ${wired.import.names.join(', ')}.`,
        },
      );
    }
    if (!wrapper) {
      return fail(`${file} does not use the cache`, { fix: `Run: ${command('payload-kv init')}` });
    }
    const withEnv =
      shape.cloudflareEnv !== undefined && wrapper.stores.some(({ factory }) => factory === 'cloudflareKV');
    const edit = wireConfig({ shape, paths, style, withEnv });
    return fail(
      wired.import
        ? `${file} imports the cache, but \`plugins\` does not have it`
        : `${file} does not use the cache`,
      {
        ...(edit.ok ? {} : { details: [edit.reason] }),
        fix: edit.ok ? `Run: ${command('payload-kv init')}` : `Write into ${file}:\n${edit.paste}`,
      },
    );
  },
};
