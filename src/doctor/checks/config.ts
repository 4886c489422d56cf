import { wireConfig } from '../../plan/config/config-edit.js';
import { type Check, fail, ok, warn } from '../check.js';
import type { DoctorContext } from '../context.js';
import { kvStore } from '../kv-store.js';

/** The Payload config was found and uses the cache exactly once. */
export const config: Check = {
  id: 'config',
  title: 'Payload config',
  run(context) {
    const { project, paths, wrapper, command } = context;
    const { configShape: shape, style } = project;
    const { wired, plugins } = shape;
    const file = shape.config.path;
    if (wired.elements > 0 && shape.uncertain !== undefined) {
      return warn(
        `${file} uses the cache, but that Payload is given what it is in is not certain: ${shape.uncertain}`,
        { fix: 'Hand the object with the cache in `plugins` to `buildConfig` itself.' },
      );
    }
    if (wired.elements === 1) {
      const { file: at = file, line = 1 } = wired.elementLocation ?? {};
      const wrong = wrongCall(context);
      if (wrong) return fail(`${at}:${line} ${wrong.what}`, { fix: `Write there: ${wrong.instead}` });
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
    const withEnv = shape.cloudflareEnv !== undefined && kvStore({ wrapper }) !== undefined;
    const edit = wireConfig({ shape, paths, style, withEnv });
    return fail(
      wired.import
        ? `${file} imports the cache, but \`plugins\` does not have it`
        : `${file} does not use the cache`,
      {
        ...(edit.ok ? {} : { details: [edit.reason] }),
        fix: edit.ok ? `Run: ${command('payload-kv init')}` : writeByHand(file, edit),
      },
    );
  },
};

function writeByHand(file: string, { paste, instead }: { paste: string; instead?: string }): string {
  return instead === undefined
    ? `Write into ${file}:\n${paste}`
    : `Write into ${file}:\n${paste}\ninstead of\n${instead}`;
}

/** The element of `plugins` against what the wrapper exports: the plugin itself, or a function that makes it. */
function wrongCall({ project, wrapper, read }: DoctorContext): { what: string; instead: string } | undefined {
  const { wired, plugins, cloudflareEnv } = project.configShape;
  const text = wrapper && read(wrapper.path);
  const shape = wrapper?.shape;
  if (plugins.kind !== 'array' || !shape?.exportsCache) return undefined;
  for (const name of wired.import?.names ?? []) {
    if (shape.takesEnv && plugins.array.elements.some((element) => element.text === name)) {
      const instead = `${name}(${cloudflareEnv?.expression ?? 'env'})`;
      return { what: `has \`${name}\`, a function of the Cloudflare env, in the plugin's place`, instead };
    }
    const called = plugins.array.elements.find((element) => element.text.startsWith(`${name}(`));
    if (called && /export const cache\b[^=]*=\s*payloadKV\b/.test(text!)) {
      return { what: `calls \`${name}\`, which is the plugin itself`, instead: name };
    }
  }
  return undefined;
}
