import type { Payload } from 'payload';
import { describe, expect, test } from 'vitest';
import { formatsOf } from '../../src/admin/formats.js';
import { en } from '../../src/admin/texts/en.js';
import { filled } from '../../src/admin/texts/filled.js';
import { LANGUAGES, textsOf } from '../../src/admin/texts/texts.js';

const site = (translations: object = {}) =>
  ({ config: { i18n: { translations } } }) as unknown as Pick<Payload, 'config'>;
const placesIn = (text: string): string[] => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

describe('texts of the admin view', () => {
  test.each(Object.entries(LANGUAGES))(
    '%s has each text, with all that is put into it',
    (_language, texts) => {
      expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort());
      for (const [key, text] of Object.entries(texts)) {
        expect(text.trim(), key).not.toBe('');
        expect(placesIn(text), key).toEqual(placesIn(en[key as keyof typeof en]));
      }
    },
  );

  test.each(Object.entries(LANGUAGES).filter(([language]) => language !== 'en'))(
    '%s is a language of its own',
    (_language, texts) => {
      const same = Object.entries(texts).filter(([key, text]) => text === en[key as keyof typeof en]);
      expect(same.length).toBeLessThan(Object.keys(en).length / 5);
    },
  );

  test('each language is one that Payload has', async () => {
    const { translations } = await import('@payloadcms/translations/all');
    expect(Object.keys(translations)).toEqual(expect.arrayContaining(Object.keys(LANGUAGES)));
  });

  test('English where there is none, and what the site says itself before both', () => {
    expect(textsOf(site(), 'ja')).toEqual(en);
    expect(textsOf(site(), 'constructor').title).toBe(en.title);
    const own = site({ de: { payloadCache: { title: 'Zwischenspeicher' } } });
    expect(textsOf(own, 'de')).toEqual({ ...LANGUAGES.de, title: 'Zwischenspeicher' });
    expect(textsOf(own, 'en')).toEqual(en);
  });

  test('what is put into a text stands there as it is', () => {
    expect(filled('{{a}} of {{b}}, {{c}}', { a: '$&', b: 2 })).toBe('$& of 2, {{c}}');
  });
});

describe('numbers', () => {
  test('are written as in the language', () => {
    const [english, german] = [formatsOf('en'), formatsOf('de')];
    expect([english.count(12_345.6), german.count(12_345.6)]).toEqual(['12,346', '12.346']);
    expect(english.percent(0.98765)).toBe('98.8%');
    expect([0, 999, 1_500, 2_000_000].map(english.bytes)).toEqual(['0 byte', '999 byte', '1.5 kB', '2 MB']);
    expect([0, 0.031, 4.25, 250, 61_000, 5_400_000].map(english.duration)).toEqual([
      '0 ms',
      '0.03 ms',
      '4.3 ms',
      '250 ms',
      '1 min',
      '1.5 hr',
    ]);
  });

  test.each(['zhTw', 'bnBd', 'rsLatin', 'rs', 'my', 'no such language', ''])('%s is no fault', (language) => {
    expect(formatsOf(language).count(1)).not.toBe('');
  });
});
