/** What all parts of the view are given. */
import type { Formats } from './formats.js';
import type { Texts } from './texts/en.js';

/** Texts and formats of the language of whoever looks. */
export interface Words {
  texts: Texts;
  formats: Formats;
}
