import { filesMentioning } from '../../inspect/importers.js';
import { asObject, valueIn } from '../../inspect/written-value.js';
import { IMPORT_MAP, missingIn } from '../../plan/admin/import-map.js';
import { COMPONENTS } from '../../runtime/observe/admin-view.js';
import { type Check, counted, fail, ok, warn } from '../check.js';

/** The admin panel finds the view of the cache. */
export const adminView: Check = {
  id: 'admin-view',
  title: 'Admin view',
  run({ wrapper, project, command }) {
    const value = valueIn(wrapper?.shape?.options, 'observe');
    const options =
      value?.kind === 'call' && value.callee === 'observe' ? asObject(value.arguments[0]) : undefined;
    const setting = valueIn(options, 'adminView');
    if (!wrapper || setting?.kind !== 'true') return undefined;
    const generate = `Run: ${command('payload generate:importmap')}`;
    const maps = Object.entries(filesMentioning(project.root, ['importMap'])).filter(([path]) =>
      path.endsWith(`/${IMPORT_MAP}`),
    );
    if (maps.length === 0) {
      return warn(`not checked: no ${IMPORT_MAP} was found, by which the admin panel finds the view`, {
        fix: generate,
      });
    }
    for (const [path, text] of maps) {
      const missing = missingIn(text, Object.values(COMPONENTS));
      const what = `${path} lacks ${counted(missing.length, 'component')} of the admin view`;
      const more = { details: missing, fix: generate };
      if (missing.some((component) => component !== COMPONENTS.document)) {
        return fail(`${what}: the panel shows an empty page`, more);
      }
      // Old releases of Payload have no place for it.
      if (missing.length > 0) return warn(`${what}: no document has a button that purges it`, more);
    }
    return ok(`${maps.map(([path]) => path).join(' and ')} has its components`);
  },
};
