/** All that is shown of a cache, given its numbers. What acts is given by whoever shows it. */
import type { ReactNode } from 'react';
import type { Statistics } from '../runtime/observe/snapshot.js';
import { RatioPlot, SavedPlot } from './plots.js';
import type { NamedTarget } from './purge-target.js';
import { FunctionsTable, NamesTable, QueriesTable } from './tables.js';
import { filled } from './texts/filled.js';
import { Tiles } from './tiles.js';
import type { Words } from './words.js';

interface ShownCacheProps {
  statistics: Statistics;
  words: Words;
  /** Stands beside the title. */
  controls?: ReactNode;
  /** The button that purges something. */
  purge(target: NamedTarget): ReactNode;
}

/** All that is shown of a cache. */
export function ShownCache({ statistics, words, controls, purge }: ShownCacheProps) {
  const { texts, formats } = words;
  const { since, at, processes, history } = statistics;
  const time = formats.duration(at - since);
  return (
    <>
      <div className="payload-cache__head">
        <h1>{texts.title}</h1>
        <p>
          {processes > 1
            ? filled(texts.ofProcesses, { count: formats.count(processes), time })
            : filled(texts.ofOneProcess, { time })}
        </p>
        {controls}
      </div>
      <Tiles statistics={statistics} words={words} />
      <div className="payload-cache__plots">
        <RatioPlot history={history} words={words} />
        <SavedPlot history={history} words={words} />
      </div>
      <h2>{texts.collections}</h2>
      <NamesTable statistics={statistics} words={words} purge={purge} />
      {Object.keys(statistics.counts.functions).length > 0 && <h2>{texts.functions}</h2>}
      <FunctionsTable statistics={statistics} words={words} purge={purge} />
      <h2>{texts.hotQueries}</h2>
      <QueriesTable statistics={statistics} words={words} />
    </>
  );
}
