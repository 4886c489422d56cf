/** Draws the pictures of the documentation, each from a real run: `npm run pictures`, or with the names of some. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from '../../test/support/repository.js';
import { drawCalls, drawLatency, readGains } from './plots.js';
import { drawTerminal } from './terminal.js';
import { drawWritePath } from './write-path.js';

const PICTURES: Record<string, () => string | Promise<string>> = {
  terminal: drawTerminal,
  'write-path': drawWritePath,
  'database-calls': () => drawCalls(readGains()),
  latency: () => drawLatency(readGains()),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in PICTURES));
if (unknown.length > 0) {
  console.error(`There is no picture ${unknown.join(', ')}. There are: ${Object.keys(PICTURES).join(', ')}.`);
  process.exit(1);
}
for (const [name, draw] of Object.entries(PICTURES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const file = path.join('docs', 'images', `${name}.svg`);
  writeFileSync(path.join(repository, file), await draw());
  console.log(`  ${file}`);
}
process.exit(0);
