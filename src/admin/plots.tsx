/** The plots: hit ratio and saved queries of the last hour, each with its numbers as a table beneath. */
import type { ReactNode } from 'react';
import type { HistoryPoint, Statistics } from '../runtime/observe/snapshot.js';
import { filled } from './texts/filled.js';
import type { Words } from './words.js';

/** Size of the drawing, and where the data lies in it. */
const WIDTH = 480;
const HEIGHT = 170;
const LEFT = 44;
const RIGHT = WIDTH - 6;
const TOP = 10;
const BOTTOM = HEIGHT - 22;
/** Rows of the tables. */
const ROWS = 12;

interface PlotProps {
  history: Statistics['history'];
  words: Words;
}

/** The share of lookups that hit. */
export function RatioPlot({ history, words }: PlotProps) {
  const { texts, formats } = words;
  const { points } = history;
  const runs = runsOf(points.map((point) => shareOf(point)));
  const x = columnOf(points.length);
  const y = (share: number): number => BOTTOM - share * (BOTTOM - TOP);
  const place = ([index, share]: readonly [number, number]): string =>
    `${round(x(index))} ${round(y(share))}`;
  return (
    <Plot
      title={texts.ratioOverTime}
      words={words}
      history={history}
      levels={[0, 0.5, 1].map((share) => ({ at: y(share), label: formats.percent(share) }))}
      columns={[texts.hitRatio, texts.lookups]}
      row={(summed) => {
        const share = shareOf(summed);
        return [share === undefined ? '–' : formats.percent(share), formats.count(lookupsOf(summed))];
      }}
    >
      {runs.map((run) => {
        const [first, last] = [run[0]!, run.at(-1)!];
        const line = run.map(place).join(' L ');
        return (
          <g key={first[0]}>
            {run.length > 1 && (
              <path
                className="payload-cache__area"
                d={`M ${round(x(first[0]))} ${BOTTOM} L ${line} L ${round(x(last[0]))} ${BOTTOM} Z`}
              />
            )}
            {/* A line of no length is a dot. */}
            {run.length > 1 ? (
              <path className="payload-cache__line" d={`M ${line}`} />
            ) : (
              <path className="payload-cache__line payload-cache__line--dot" d={`M ${line} h 0.01`} />
            )}
          </g>
        );
      })}
    </Plot>
  );
}

/** How many queries the database was spared. */
export function SavedPlot({ history, words }: PlotProps) {
  const { texts, formats } = words;
  const { points } = history;
  const most = niceCeiling(Math.max(...points.map(({ hits }) => hits), 4));
  const x = columnOf(points.length);
  const y = (count: number): number => BOTTOM - (count / most) * (BOTTOM - TOP);
  const width = Math.max((RIGHT - LEFT) / points.length - 1, 1);
  return (
    <Plot
      title={texts.savedOverTime}
      words={words}
      history={history}
      levels={[0, most / 2, most].map((count) => ({ at: y(count), label: formats.count(count) }))}
      columns={[texts.savedQueries, texts.saved]}
      row={({ hits, savedTime }) => [formats.count(hits), formats.duration(savedTime)]}
    >
      {points.map(({ at, hits }, index) =>
        hits === 0 ? null : (
          <rect
            key={at}
            className="payload-cache__bar"
            x={round(x(index) - width / 2)}
            y={round(y(hits))}
            width={round(width)}
            height={round(BOTTOM - y(hits))}
          />
        ),
      )}
    </Plot>
  );
}

interface FrameProps extends PlotProps {
  title: string;
  levels: { at: number; label: string }[];
  /** Names of what the table tells of each time, and how it tells that. */
  columns: string[];
  row(summed: HistoryPoint): string[];
  children: ReactNode;
}

function Plot({ title, levels, columns, row, children, history, words: { texts } }: FrameProps) {
  const { points, interval } = history;
  const minutes = Math.round((points.length * interval) / 60);
  const ago = (count: number): string => (count === 0 ? texts.now : filled(texts.minutesAgo, { count }));
  const size = Math.ceil(points.length / ROWS);
  const rows = Array.from({ length: Math.ceil(points.length / size) }, (_, index) =>
    summed(points.slice(index * size, (index + 1) * size)),
  ).reverse();
  return (
    <figure className="payload-cache__plot">
      <figcaption>{title}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title}>
        {levels.map(({ at, label }) => (
          <g key={label}>
            <line className="payload-cache__grid" x1={LEFT} x2={RIGHT} y1={at} y2={at} />
            <text className="payload-cache__axis" x={LEFT - 6} y={at + 4} textAnchor="end">
              {label}
            </text>
          </g>
        ))}
        {children}
        <text className="payload-cache__axis" x={LEFT} y={HEIGHT - 5}>
          {ago(minutes)}
        </text>
        <text className="payload-cache__axis" x={(LEFT + RIGHT) / 2} y={HEIGHT - 5} textAnchor="middle">
          {ago(Math.round(minutes / 2))}
        </text>
        <text className="payload-cache__axis" x={RIGHT} y={HEIGHT - 5} textAnchor="end">
          {texts.now}
        </text>
      </svg>
      <details>
        <summary>{texts.asTable}</summary>
        <table aria-label={title}>
          <thead>
            <tr>
              <th scope="col">{texts.time}</th>
              {columns.map((column) => (
                <th key={column} scope="col" className="payload-cache__number">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((point, index) => (
              <tr key={point.at}>
                <th scope="row">{ago(Math.round((index * size * interval) / 60))}</th>
                {row(point).map((value, column) => (
                  <td key={columns[column]} className="payload-cache__number">
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

const lookupsOf = ({ hits, misses, stale }: HistoryPoint): number => hits + misses + stale;

function shareOf(point: HistoryPoint): number | undefined {
  const lookups = lookupsOf(point);
  return lookups === 0 ? undefined : point.hits / lookups;
}

/** Neighbouring values that are there, each with its place. */
function runsOf(values: readonly (number | undefined)[]): (readonly [index: number, value: number])[][] {
  const runs: (readonly [number, number])[][] = [];
  values.forEach((value, index) => {
    if (value === undefined) return;
    if (index > 0 && values[index - 1] !== undefined) runs.at(-1)!.push([index, value]);
    else runs.push([[index, value]]);
  });
  return runs;
}

/** The middle of the column of a point. */
const columnOf =
  (count: number) =>
  (index: number): number =>
    LEFT + ((index + 0.5) * (RIGHT - LEFT)) / count;

/** A round number that is not lower, and even. */
function niceCeiling(value: number): number {
  const size = 10 ** Math.floor(Math.log10(value));
  return [2, 4, 6, 8, 10].map((factor) => factor * size).find((nice) => nice >= value)!;
}

const round = (value: number): number => Math.round(value * 10) / 10;

function summed(points: readonly HistoryPoint[]): HistoryPoint {
  const sum = { ...points[0]! };
  for (const point of points.slice(1)) {
    for (const name of ['hits', 'misses', 'stale', 'savedTime'] as const) sum[name] += point[name];
  }
  return sum;
}
