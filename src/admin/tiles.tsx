/** The numbers of the whole site, each in a tile. */
import type { ReactNode } from 'react';
import type { PartState, Statistics } from '../runtime/observe/snapshot.js';
import { filled } from './texts/filled.js';
import type { Words } from './words.js';

/** The numbers of the whole site. */
export function Tiles({ statistics, words }: { statistics: Statistics; words: Words }) {
  const { counts, saved, latency, near, store, registry, lateReplacements, errors } = statistics;
  const { texts, formats } = words;
  const { hits, misses, stale } = counts.total;
  const lookups = hits + misses + stale;
  const values = { hits: formats.count(hits), lookups: formats.count(lookups) };
  return (
    <dl className="payload-cache__tiles">
      <Tile
        name={texts.hitRatio}
        value={lookups === 0 ? '–' : formats.percent(hits / lookups)}
        detail={filled(texts.ofLookups, values)}
      />
      <Tile
        name={texts.savedQueries}
        value={formats.count(saved.calls)}
        detail={filled(texts.savedTime, { time: formats.duration(saved.time) })}
      />
      <Timed name={texts.hitTime} times={latency.hit} words={words} />
      <Timed name={texts.databaseTime} times={latency.database} words={words} />
      {near && (
        <Tile
          name={texts.nearTier}
          value={formats.count(near.entries)}
          detail={filled(texts.ofMemory, {
            bytes: formats.bytes(near.bytes),
            most: formats.bytes(near.maxBytes),
            count: formats.count(near.evictions),
          })}
        />
      )}
      <Part name={texts.store} part={store} words={words} />
      <Part name={texts.registry} part={registry} words={words} />
      <Tile
        name={texts.errors}
        value={formats.count(counts.total.errors)}
        detail={
          <>
            {Object.entries(errors).map(([reason, count]) => (
              <span key={reason}>
                {reason}: {formats.count(count)}
                <br />
              </span>
            ))}
            {filled(texts.late, { count: formats.count(lateReplacements) })}
          </>
        }
      />
    </dl>
  );
}

interface TileProps {
  name: string;
  value: string;
  detail: ReactNode;
  isBad?: boolean;
}

function Tile({ name, value, detail, isBad = false }: TileProps) {
  const bad = isBad ? ' payload-cache__detail--bad' : '';
  return (
    <div className="payload-cache__tile">
      <dt>{name}</dt>
      <dd className="payload-cache__value">{value}</dd>
      <dd className={`payload-cache__detail${bad}`}>{detail}</dd>
    </div>
  );
}

interface TimedProps {
  name: string;
  times: Statistics['latency']['hit'];
  words: Words;
}

function Timed({ name, times, words: { texts, formats } }: TimedProps) {
  const isMeasured = times.count > 0;
  return (
    <Tile
      name={name}
      value={isMeasured ? formats.duration(times.p50) : '–'}
      detail={isMeasured ? filled(texts.within95, { time: formats.duration(times.p95) }) : null}
    />
  );
}

function Part({ name, part, words: { texts } }: { name: string; part: PartState; words: Words }) {
  const isGivenUp = part.breaker === 'open';
  return (
    <Tile
      name={name}
      value={part.name}
      detail={isGivenUp ? texts.givenUp : texts.working}
      isBad={isGivenUp}
    />
  );
}
