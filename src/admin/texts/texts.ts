/** The texts of the admin view in the language of whoever looks at it. */
import type { Payload } from 'payload';
import { da } from './da.js';
import { de } from './de.js';
import { en, type Texts } from './en.js';
import { es } from './es.js';
import { fr } from './fr.js';
import { it } from './it.js';
import { nl } from './nl.js';
import { pl } from './pl.js';
import { pt } from './pt.js';
import { sv } from './sv.js';

/** By Payload's names of languages. */
export const LANGUAGES: Readonly<Record<string, Texts>> = { da, de, en, es, fr, it, nl, pl, pt, sv };

/** Where a site may have texts of its own, in `i18n.translations` of its config. */
const NAMESPACE = 'payloadCache';

/** The texts of a language: the site's own, else those of this package, else English. */
export function textsOf({ config }: Pick<Payload, 'config'>, language: string): Texts {
  const translations = config.i18n?.translations as Record<string, Record<string, object>> | undefined;
  const own = translations?.[language]?.[NAMESPACE] as Partial<Texts> | undefined;
  return { ...en, ...LANGUAGES[language], ...own };
}
