/** The locales of the config. */
import { reasonOf, truthy } from '../evaluate/value.js';
import { CONDITION, note } from './notes.js';
import type { Reading } from './reading.js';
import { get, list, text } from './values.js';

/** The codes of the locales, and whether they could be read. */
export function readLocales(reading: Reading): { locales: string[]; known: boolean } {
  const localization = get(reading.config, 'localization');
  const on = truthy(localization);
  if (on === false) return { locales: [], known: reading.config.gaps().length === 0 };
  for (const option of localization.kind === 'choice' ? localization.options : [localization]) {
    if (option.kind !== 'object') continue;
    if (localization.kind === 'choice') note(reading, 'localization', localization.node, CONDITION);
    const locales = list(reading, get(option, 'locales'), 'localization.locales').flatMap((locale) => {
      const code = locale.kind === 'object' ? get(locale, 'code') : locale;
      const named = text(reading, code, 'localization.locales');
      return named === undefined ? [] : [named];
    });
    return { locales, known: locales.length > 0 };
  }
  note(reading, 'localization', localization.node, reasonOf(localization) ?? 'it could not be read');
  return { locales: [], known: false };
}
