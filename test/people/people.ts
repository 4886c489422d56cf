/**
 * Lets people use a site for long, and prints what came of it: `npm run test:people`, or with `-- --minutes 5`,
 * `-- --seed 2`, `-- serializable` for the databases with that word.
 */
import { parseArgs } from 'node:util';
import { startPostgres } from '../support/postgres.js';
import { startRedis } from '../support/redis.js';
import { type Figures, play, STAGES } from './play.js';

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes takes a number above 0.');
const stages = STAGES.filter((stage) => positionals.every((word) => stage.includes(word)));
if (stages.length === 0) throw new Error(`There is no such database: ${positionals.join(' ')}.`);

const figures: Figures[] = [];
const postgres = await startPostgres();
try {
  for (const stage of stages) {
    // One of its own for each: entries of another database would only stand in the way.
    const redis = await startRedis();
    try {
      // Counted from the first request on.
      let end: number | undefined;
      const isOver = (): boolean => {
        end ??= performance.now() + minutes * 60_000;
        return performance.now() > end;
      };
      const came = await play(stage, isOver, { redis, postgres }, Number(values.seed));
      figures.push(came);
      const { examples, ...counts } = came;
      console.log(JSON.stringify(counts));
      for (const example of examples) console.log(example);
    } finally {
      await redis.stop();
    }
  }
} finally {
  await postgres.stop();
}
process.exitCode = figures.every(({ differences }) => differences === 0) ? 0 : 1;
