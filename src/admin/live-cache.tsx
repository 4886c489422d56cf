'use client';
/** What is shown of a cache, kept up to date while somebody looks at it, with what acts. */
import { Button, useModal } from '@payloadcms/ui';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Statistics } from '../runtime/observe/snapshot.js';
import { askStatistics } from './ask-cache.js';
import { formatsOf } from './formats.js';
import { isPageVisible, onPageVisibility } from './page-visibility.js';
import { PurgeDialog } from './purge-dialog.js';
import type { NamedTarget } from './purge-target.js';
import { ShownCache } from './shown-cache.js';
import type { Texts } from './texts/en.js';
import { filled } from './texts/filled.js';

/** Milliseconds between two requests for numbers: an endpoint answers 120 a minute. */
const EVERY = 4_000;
const DIALOG = 'payload-cache-purge';

interface LiveCacheProps {
  initial: Statistics;
  /** Address of the endpoints. */
  base: string;
  texts: Texts;
  language: string;
}

/** The cache, live. */
export function LiveCache({ initial, base, texts, language }: LiveCacheProps) {
  const words = useMemo(() => ({ texts, formats: formatsOf(language) }), [texts, language]);
  const { statistics, isFailing, isPaused, setIsPaused, refresh } = useStatistics(initial, base);
  const { openModal } = useModal();
  const everything: NamedTarget = { target: 'everything', name: texts.everything };
  const [purged, setPurged] = useState(everything);
  const open = (target: NamedTarget): void => {
    setPurged(target);
    openModal(DIALOG);
  };
  return (
    <>
      <ShownCache
        statistics={statistics}
        words={words}
        controls={
          <>
            <span className={`payload-cache__live${isPaused ? '' : ' payload-cache__live--on'}`}>
              {isPaused ? texts.paused : texts.live}
            </span>
            <Button
              buttonStyle="secondary"
              size="small"
              margin={false}
              type="button"
              onClick={() => setIsPaused(!isPaused)}
            >
              {isPaused ? texts.resume : texts.pause}
            </Button>
            <Button
              id="payload-cache-purge-all"
              buttonStyle="primary"
              size="small"
              margin={false}
              type="button"
              onClick={() => open(everything)}
            >
              {texts.purgeAll}
            </Button>
          </>
        }
        purge={(target) => (
          <Button
            aria-label={filled(texts.purgeName, { name: target.name })}
            buttonStyle="secondary"
            className="payload-cache__purge"
            size="xsmall"
            margin={false}
            type="button"
            onClick={() => open(target)}
          >
            {texts.purge}
          </Button>
        )}
      />
      <p role="status" className={isFailing ? 'payload-cache__warning' : undefined}>
        {isFailing ? texts.notFetched : ''}
      </p>
      <PurgeDialog slug={DIALOG} base={base} words={words} purged={purged} onPurged={refresh} />
    </>
  );
}

/** The numbers, asked for again and again while the page is seen. */
function useStatistics(initial: Statistics, base: string) {
  const [statistics, setStatistics] = useState(initial);
  const [isFailing, setIsFailing] = useState(false);
  const [isPaused, setIsPaused] = useState(false);

  const refresh = useCallback(
    async (signal?: AbortSignal) => {
      try {
        setStatistics(await askStatistics(base, signal));
        setIsFailing(false);
      } catch {
        if (!signal?.aborted) setIsFailing(true);
      }
    },
    [base],
  );

  useEffect(() => {
    if (isPaused) return;
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    // One after the other: a slow answer is not asked for twice.
    const later = (): void => {
      clearTimeout(timer);
      if (!ended.signal.aborted && isPageVisible()) timer = setTimeout(next, EVERY);
    };
    const next = (): void => {
      void refresh(ended.signal).then(later);
    };
    const stop = onPageVisibility(() => (isPageVisible() ? next() : clearTimeout(timer)));
    later();
    return () => {
      ended.abort();
      clearTimeout(timer);
      stop();
    };
  }, [isPaused, refresh]);

  return { statistics, isFailing, isPaused, setIsPaused, refresh: () => void refresh() };
}
