import { filesMentioning } from '../../inspect/importers.js';
import { readSiteFiles } from '../../inspect/site-files.js';
import { asObject, valueIn } from '../../inspect/written-value.js';
import { NEXT_CONFIGS, namesHandler, OPEN_NEXT_CONFIG } from '../../plan/config/next-config-edit.js';
import { findSuperfluous } from '../../plan/pages/superfluous.js';
import { inRange } from '../../version.js';
import { type Check, counted, fail, ok, warn } from '../check.js';
import type { DoctorContext } from '../context.js';

/** The release line of Next whose pages were seen to follow; 16.4.6 was tried. */
const TESTED_NEXT = '>=16.0.0 <17.0.0';
/** What makes pages stale by hand, or hides what they read. */
const BY_HAND = ['revalidatePath', 'revalidateTag', 'unstable_cache'] as const;

/** Pages of a Next site follow what they read. */
export const pages: Check = {
  id: 'pages',
  title: 'Pages of Next',
  run(context) {
    const { wrapper, findPackage, project, command } = context;
    const value = valueIn(wrapper?.shape?.options, 'pages');
    if (!wrapper || !value) return undefined;
    const options =
      value.kind === 'call' && value.callee === 'nextPages' ? asObject(value.arguments[0]) : undefined;
    const mode = valueIn(options, 'revalidate');
    if (mode?.kind !== 'text') return warn(`not checked: \`pages\` in ${wrapper.path} is not written out`);
    const next = findPackage('next');
    if (!next) {
      return fail(`${wrapper.path} has nextPages(), and next is not installed`, {
        fix: `Run: ${project.packageManager} install; or take \`pages\` out of ${wrapper.path}, if this is no Next site.`,
      });
    }
    const config = [OPEN_NEXT_CONFIG, ...NEXT_CONFIGS].find((name) => context.read(name) !== undefined);
    const hasHandler = config !== undefined && namesHandler(context.read(config) ?? '');
    if (mode.text === 'handler' && !hasHandler) {
      return fail(
        `pages carry versions, and ${config ?? 'no next.config'} names no cache handler that compares them: they stay old`,
        { fix: `Run: ${command('payload-kv init --pages handler')}` },
      );
    }
    if (mode.text === 'push' && hasHandler) {
      return warn(`pages are told of writes, and ${config} names the cache handler as well`, {
        fix: `Take \`cacheHandler\` out of ${config}, or run: ${command('payload-kv init --pages handler')}`,
      });
    }
    const { found, goes } = byHand(context);
    const untried = inRange(next.version, TESTED_NEXT)
      ? []
      : [`Next ${next.version} was not tried (${TESTED_NEXT})`];
    if (found.length > 0) {
      const [makes, hides] = found.length === 1 ? ['makes', 'hides'] : ['make', 'hide'];
      return warn(
        `${counted(found.length, 'file')} of the site ${makes} pages stale by hand, or ${hides} what they read`,
        {
          details: [...untried, ...found.map(({ path, names }) => `${path}: ${names.join(', ')}`)],
          fix: `${goes ? `Run: ${command('payload-kv init --take-out-hooks')}; by hand: take` : 'Take'} out hooks that revalidate what the site reads through Payload, and unstable_cache around its queries; what they revalidate of other sources stays.`,
        },
      );
    }
    if (untried[0]) return warn(untried[0], { details: untried });
    return ok(mode.text === 'push' ? 'Next is told of writes' : `${config} names the cache handler`);
  },
};

/** Files of the site that do by hand what pages do by themselves now, and whether `init` could take some of it out. */
function byHand({ project, paths }: DoctorContext): {
  found: { path: string; names: string[] }[];
  goes: boolean;
} {
  const found = Object.entries(filesMentioning(project.root, BY_HAND))
    .filter(([path]) => !path.startsWith(`${paths.directory}/`))
    .map(([path, text]) => ({
      path,
      names: BY_HAND.filter((name) => new RegExp(`\\b${name}\\s*\\(`).test(text)),
    }))
    .filter(({ names }) => names.length > 0);
  if (found.length === 0) return { found, goes: false };
  const { unused, files } = findSuperfluous(readSiteFiles(project.root), paths.directory);
  // What nothing imports makes nothing stale.
  return { found: found.filter(({ path }) => !unused.now.includes(path)), goes: files.length > 0 };
}
