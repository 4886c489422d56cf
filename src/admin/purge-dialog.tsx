'use client';
/** Asks whether something is to be purged, tells how much depends on it, and purges it. */
import { ConfirmationModal, toast } from '@payloadcms/ui';
import { type ReactNode, useEffect, useState } from 'react';
import { askCount, askPurge } from './ask-cache.js';
import type { NamedTarget } from './purge-target.js';
import { filled } from './texts/filled.js';
import type { Words } from './words.js';

interface PurgeDialogProps {
  /** By which it is opened. */
  slug: string;
  base: string;
  words: Words;
  purged: NamedTarget;
  /** What else is told. */
  children?: ReactNode;
  /** Called when it was purged. */
  onPurged?(): void;
}

/** The dialog; nothing until it is opened. */
export function PurgeDialog({ slug, base, words, purged, children, onPurged }: PurgeDialogProps) {
  const { texts } = words;
  const { target, name } = purged;
  const heading = target === 'everything' ? texts.askPurgeAll : filled(texts.askPurge, { name });

  async function purge(): Promise<void> {
    try {
      await askPurge(base, target);
      toast.success(filled(texts.purged, { name }));
      onPurged?.();
    } catch (error) {
      toast.error(filled(texts.notPurged, { message: messageOf(error) }));
    }
  }

  return (
    <ConfirmationModal
      modalSlug={slug}
      className="payload-cache-dialog"
      heading={heading}
      body={
        <>
          <Count base={base} words={words} purged={purged} />
          {children}
          <p>{texts.askedAnew}</p>
        </>
      }
      confirmLabel={texts.purge}
      onConfirm={purge}
    />
  );
}

/** How much depends on it, told to a screen reader too once it is known. */
function Count({ base, words, purged }: Pick<PurgeDialogProps, 'base' | 'words' | 'purged'>) {
  const { texts, formats } = words;
  const { target } = purged;
  const [count, setCount] = useState<number | null | undefined>();
  useEffect(() => {
    const ended = new AbortController();
    askCount(base, target, ended.signal).then(setCount, () => {
      if (!ended.signal.aborted) setCount(null);
    });
    return () => ended.abort();
  }, [base, JSON.stringify(target)]);
  let text = texts.counting;
  if (count === null) text = texts.notCounted;
  else if (count !== undefined) text = filled(texts.dependOnIt, { count: formats.count(count) });
  return <p role="status">{text}</p>;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
