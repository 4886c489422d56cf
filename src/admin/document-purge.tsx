'use client';
/** The button on a document or global: what the cache holds of it, and purges it. */
import { Button, useDocumentInfo, useModal } from '@payloadcms/ui';
import { useEffect, useMemo, useState } from 'react';
import { askEntries } from './ask-cache.js';
import { formatsOf } from './formats.js';
import { PurgeDialog } from './purge-dialog.js';
import type { NamedTarget } from './purge-target.js';
import { STYLES } from './styles.js';
import type { Texts } from './texts/en.js';
import type { Words } from './words.js';

const DIALOG = 'payload-cache-document';

interface DocumentPurgeProps {
  base: string;
  texts: Texts;
  language: string;
  /** Slugs of what is cached, of globals with `@` before them. */
  cached: string[];
}

/** The button; nothing on what is not cached, or not saved yet. */
export function DocumentPurge({ base, texts, language, cached }: DocumentPurgeProps) {
  const { id, collectionSlug, globalSlug } = useDocumentInfo();
  const words = useMemo(() => ({ texts, formats: formatsOf(language) }), [texts, language]);
  const { openModal } = useModal();
  const slug = globalSlug ? `@${globalSlug}` : collectionSlug;
  if (!slug || !cached.includes(slug) || (!globalSlug && id === undefined)) return null;
  const of: Held = globalSlug ? { global: globalSlug } : { collection: slug, id: id! };
  const name = globalSlug ? texts.thisGlobal : texts.thisDocument;
  return (
    <>
      <style href="payload-cache" precedence="default">
        {STYLES}
      </style>
      <Button
        id="payload-cache-purge-document"
        buttonStyle="secondary"
        size="medium"
        margin={false}
        type="button"
        onClick={() => openModal(DIALOG)}
      >
        {texts.purgeFromCache}
      </Button>
      <PurgeDialog slug={DIALOG} base={base} words={words} purged={{ target: of, name }}>
        <Entries base={base} words={words} of={of} />
      </PurgeDialog>
    </>
  );
}

type Held = Extract<NamedTarget['target'], { global: string }> | { collection: string; id: number | string };
type Listed = Awaited<ReturnType<typeof askEntries>>;

/** What the cache holds of it. */
function Entries({ base, words, of }: { base: string; words: Words; of: Held }) {
  const { texts, formats } = words;
  const [listed, setListed] = useState<Listed | undefined>();
  useEffect(() => {
    const ended = new AbortController();
    // Where it cannot be told, the count above says so.
    askEntries(base, of, ended.signal).then(setListed, () => {});
    return () => ended.abort();
  }, [base, JSON.stringify(of)]);
  if (!listed) return null;
  const { entries, cursor, scope } = listed;
  return (
    <>
      <h2>{texts.holds}</h2>
      {entries.length === 0 ? (
        <p>{texts.holdsNothing}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        <section className="payload-cache-dialog__list" aria-label={texts.holds} tabIndex={0}>
          <table aria-label={texts.holds}>
            <thead>
              <tr>
                {[texts.operation, texts.age, texts.left, texts.size].map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <tr key={`${entry.tier} ${entry.key}`}>
                  <th scope="row">
                    {entry.operation} <span className="payload-cache__muted">{entry.name}</span>
                  </th>
                  <td>{formats.duration(1000 * entry.age)}</td>
                  <td>{leftText(entry, words)}</td>
                  <td>{formats.bytes(entry.bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {cursor !== null && <p>{texts.holdsMore}</p>}
        </section>
      )}
      {scope === 'process' && <p>{texts.inThisProcess}</p>}
    </>
  );
}

function leftText({ left, fresh }: Listed['entries'][number], { texts, formats }: Words): string {
  return fresh ? formats.duration(1000 * left) : texts.isStale;
}
