import type { DurableObjectBinding, WranglerConfig } from '../../inspect/wrangler.js';
import { TAGS_CLASS } from '../../plan/answers.js';
import { exportsName, isBuiltByOpenNext, workerMains, workerPath } from '../../plan/wrangler/worker-entry.js';
import {
  bindDurableObject,
  placesWithoutBinding,
  placesWithoutMigration,
} from '../../plan/wrangler/wrangler-durable-object.js';
import { type Check, counted, fail, ok, warn } from '../check.js';
import type { DoctorContext } from '../context.js';

/** The Durable Objects of the tag versions are bound, their class is exported, and a migration begins it. */
export const durableObject: Check = {
  id: 'durable-object',
  title: 'Durable Objects of the tag versions',
  run(context) {
    const { project, wrapper, command } = context;
    const registry = wrapper?.registries.find(({ factory }) => factory === 'durableObjectRegistry');
    if (!wrapper || !registry) return undefined;
    const { wrangler } = project;
    const { binding } = registry;
    if (binding === undefined) {
      return warn(`not checked: the binding of \`${registry.expression}\` is not written out`, {
        fix: `Write its name as text at ${wrapper.path}:${registry.line}.`,
      });
    }
    if (!wrangler) {
      return fail('there is no wrangler config for the binding', {
        fix: `Write a wrangler.jsonc beside the package.json, then run: ${command('payload-kv init')}`,
      });
    }
    const unbound = placesWithoutBinding(wrangler, binding);
    if (unbound.length > 0) {
      return fail(`${wrangler.path} does not declare ${binding} ${wordsFor(unbound)}`, {
        fix: wranglerFix(context, wrangler, binding),
      });
    }
    const objects = boundAs(wrangler, binding);
    const elsewhere = objects.find(({ scriptName }) => scriptName !== undefined);
    if (elsewhere) return ok(`${binding}, in the Worker ${elsewhere.scriptName}`);
    const className = objects[0]?.className ?? TAGS_CLASS;

    const silent = workerMains(wrangler).filter((main) => !exportsClass(context, wrangler, main, className));
    if (silent.length > 0) {
      return fail(
        `${silent[0] ?? `the main module, which ${wrangler.path} does not name,`} does not export ${className}`,
        {
          fix: `Run: ${command('payload-kv init')}\nOr write into the Worker's main module:\nexport { ${TAGS_CLASS} } from 'payload-kv/cloudflare';`,
        },
      );
    }
    const unmigrated = placesWithoutMigration(wrangler, className);
    if (unmigrated.length > 0) {
      return fail(`no migration in ${wrangler.path} begins ${className} ${wordsFor(unmigrated)}`, {
        fix: wranglerFix(context, wrangler, binding),
      });
    }
    return ok(`${binding} in ${wrangler.path}, ${counted(objects.length, 'environment')}`);
  },
};

function boundAs(wrangler: WranglerConfig, binding: string): DurableObjectBinding[] {
  return [wrangler, ...Object.values(wrangler.env)].flatMap(({ durableObjects }) =>
    durableObjects.filter(({ name }) => name === binding),
  );
}

function exportsClass(
  { read }: DoctorContext,
  wrangler: WranglerConfig,
  main: string | undefined,
  className: string,
): boolean {
  if (main === undefined || isBuiltByOpenNext(main)) return false;
  const text = read(workerPath(wrangler, main));
  return text !== undefined && exportsName(text, className);
}

function wordsFor(places: (string | undefined)[]): string {
  return places.map((place) => (place === undefined ? 'at the top level' : `in env.${place}`)).join(' and ');
}

function wranglerFix({ command }: DoctorContext, wrangler: WranglerConfig, binding: string): string {
  const edit = bindDurableObject({ wrangler, binding, mains: [] });
  return edit.ok ? `Run: ${command('payload-kv init')}` : `Write into ${wrangler.path}:\n${edit.paste}`;
}
