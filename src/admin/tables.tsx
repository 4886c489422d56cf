/** The tables: what each collection, global and namespace of functions came to, and what is asked most. */
import type { ReactNode } from 'react';
import type { HotQuery, Saved, ShownPolicy, Statistics } from '../runtime/observe/snapshot.js';
import type { BypassReason, CacheCounts } from '../runtime/stats/stats.js';
import type { NamedTarget } from './purge-target.js';
import type { Texts } from './texts/en.js';
import type { Words } from './words.js';

/** Queries that are shown. */
const SHOWN_QUERIES = 20;

/** The text for each reason of a bypass. */
const REASONS: Readonly<Record<BypassReason, keyof Texts>> = {
  transaction: 'reasonTransaction',
  'write-operation': 'reasonWriteOperation',
  'auth-collection': 'reasonAuthCollection',
  request: 'reasonRequest',
  policy: 'reasonPolicy',
  access: 'reasonAccess',
  error: 'reasonError',
  'unknown-argument': 'reasonUnknownArgument',
};

interface TableProps {
  statistics: Statistics;
  words: Words;
  /** The button that purges. */
  purge(target: NamedTarget): ReactNode;
}

/** One collection, global or namespace. */
interface Row {
  key: string;
  label: ReactNode;
  policy?: ShownPolicy;
  counts?: CacheCounts;
  saved?: Saved;
  target?: NamedTarget;
}

/** What collections and globals came to: those that are cached, or were read. */
export function NamesTable({ statistics, words, purge }: TableProps) {
  const { policies, counts, savedBy } = statistics;
  const rows = Object.entries(policies).map(([name, policy]): Row => {
    const isGlobal = name.startsWith('@');
    const slug = isGlobal ? name.slice(1) : name;
    return {
      key: name,
      label: (
        <>
          {slug} {isGlobal && <span className="payload-cache__muted">({words.texts.global})</span>}
        </>
      ),
      policy,
      counts: under(slug, isGlobal ? counts.globals : counts.collections),
      saved: under(name, savedBy),
      target: policy.cached
        ? { target: isGlobal ? { global: slug } : { collection: slug }, name: slug }
        : undefined,
    };
  });
  const shown = rows.filter(({ policy, counts }) => policy?.cached || readsOf(counts) > 0);
  return <CountsTable title={words.texts.collections} rows={shown} words={words} purge={purge} hasPolicy />;
}

/** What stands there under a name, which may be `constructor` as well. */
function under<Value>(name: string, all: Readonly<Record<string, Value>>): Value | undefined {
  return Object.hasOwn(all, name) ? all[name] : undefined;
}

/** What the functions of each namespace came to; nothing where there are none. */
export function FunctionsTable({ statistics, words, purge }: TableProps) {
  const rows = Object.entries(statistics.counts.functions).map(
    ([name, counts]): Row => ({
      key: name,
      label: name || <span className="payload-cache__muted">{words.texts.noNamespace}</span>,
      counts,
      target: name ? { target: { namespace: name }, name } : undefined,
    }),
  );
  if (rows.length === 0) return null;
  return <CountsTable title={words.texts.functions} rows={rows} words={words} purge={purge} />;
}

interface CountsProps extends Omit<TableProps, 'statistics'> {
  title: string;
  rows: Row[];
  hasPolicy?: boolean;
}

function CountsTable({ title, rows, words, purge, hasPolicy = false }: CountsProps) {
  const { texts, formats } = words;
  const byReads = [...rows].sort((one, other) => readsOf(other.counts) - readsOf(one.counts));
  const numbers = [texts.written, texts.hits, texts.misses, texts.stale];
  return (
    <Table
      title={title}
      head={
        <>
          <th scope="col">{texts.name}</th>
          {hasPolicy && <th scope="col">{texts.policy}</th>}
          {numbers.map((name) => (
            <th key={name} scope="col" className="payload-cache__number">
              {name}
            </th>
          ))}
          <th scope="col">{texts.bypasses}</th>
          {hasPolicy && (
            <th scope="col" className="payload-cache__number">
              {texts.savedPerHit}
            </th>
          )}
          <th scope="col">{texts.actions}</th>
        </>
      }
    >
      {byReads.map(({ key, label, policy, counts, saved, target }) => (
        <tr key={key}>
          <th scope="row">{label}</th>
          {hasPolicy && <td>{policyText(policy, words)}</td>}
          {(['writes', 'hits', 'misses', 'stale'] as const).map((name) => (
            <td key={name} className="payload-cache__number">
              {formats.count(counts?.[name] ?? 0)}
            </td>
          ))}
          <td>
            <Reasons bypasses={counts?.bypasses ?? {}} words={words} />
          </td>
          {hasPolicy && (
            <td className="payload-cache__number">
              {saved && saved.calls > 0 ? formats.duration(saved.time / saved.calls) : '–'}
            </td>
          )}
          <td>{target ? purge(target) : null}</td>
        </tr>
      ))}
    </Table>
  );
}

/** The queries that are asked most, without their values. */
export function QueriesTable({ statistics, words }: Omit<TableProps, 'purge'>) {
  const { texts, formats } = words;
  const queries = statistics.hotQueries.slice(0, SHOWN_QUERIES);
  if (queries.length === 0) return <p className="payload-cache__muted">{texts.nothingYet}</p>;
  const numbers = [texts.asked, texts.hitRatio, texts.databaseTime, texts.saved];
  return (
    <Table
      title={texts.hotQueries}
      head={
        <>
          <th scope="col">{texts.query}</th>
          {numbers.map((name) => (
            <th key={name} scope="col" className="payload-cache__number">
              {name}
            </th>
          ))}
        </>
      }
    >
      {queries.map((query) => (
        <tr key={`${query.name} ${query.operation} ${query.shape}`}>
          <th scope="row">
            {query.name} <span className="payload-cache__muted">{query.operation}</span>
            <br />
            <code className="payload-cache__muted">{query.shape}</code>
          </th>
          <td className="payload-cache__number">
            {query.error > 0 && '≤ '}
            {formats.count(query.count)}
          </td>
          <td className="payload-cache__number">{ratioText(query, words)}</td>
          <td className="payload-cache__number">
            {query.measured > 0 ? formats.duration(query.databaseTime) : '–'}
          </td>
          <td className="payload-cache__number">{formats.duration(query.saved.time)}</td>
        </tr>
      ))}
    </Table>
  );
}

/** A table that scrolls sideways where there is no room, by keys too. */
function Table({ title, head, children }: { title: string; head: ReactNode; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className="payload-cache__scroll" aria-label={title} tabIndex={0}>
      <table aria-label={title}>
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

function Reasons({ bypasses, words }: { bypasses: CacheCounts['bypasses']; words: Words }) {
  const { texts, formats } = words;
  const reasons = Object.entries(bypasses) as [BypassReason, number][];
  if (reasons.length === 0) return formats.count(0);
  return (
    <ul className="payload-cache__reasons">
      {reasons.map(([reason, count]) => (
        <li key={reason}>
          {formats.count(count)}{' '}
          <span className="payload-cache__muted">
            {Object.hasOwn(REASONS, reason) ? texts[REASONS[reason]] : reason}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** As the options are called. */
function policyText(policy: ShownPolicy | undefined, { texts, formats }: Words): string {
  if (!policy?.cached) return texts.notCached;
  const { ttl, swr, staleIfError, consistency, slices = [] } = policy;
  const times = Object.entries({ ttl, swr, staleIfError }).flatMap(([name, seconds]) =>
    seconds ? `${name} ${formats.duration(1000 * seconds)}` : [],
  );
  const parts = [...times, ...(consistency ? [consistency] : [])];
  return [...parts, ...(slices.length > 0 ? [`slices ${slices.join(', ')}`] : [])].join(', ');
}

function ratioText({ hits, misses, stale }: HotQuery, { formats }: Words): string {
  const lookups = hits + misses + stale;
  return lookups === 0 ? '–' : formats.percent(hits / lookups);
}

function readsOf(counts: CacheCounts | undefined): number {
  if (!counts) return 0;
  const passed = Object.values(counts.bypasses).reduce((sum, count) => sum + count, 0);
  return counts.hits + counts.misses + counts.stale + passed;
}
