// `npm run docs` builds the site of README and docs; with `--serve` it is shown on the loopback.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'vitepress';
import { deadLinks } from './links.js';
import { ROOT } from './pages.js';
import { serveFolder } from './serve-folder.js';

const { values } = parseArgs({
  options: { serve: { type: 'boolean' }, out: { type: 'string' }, port: { type: 'string' } },
});
const outDir = path.resolve(values.out ?? path.join(ROOT, 'scripts/docs/.vitepress/dist'));

const dead = deadLinks();
if (dead.length > 0) {
  for (const { place, target, why } of dead) console.error(`${place}: ${target}: ${why}`);
  console.error(`${dead.length} links lead nowhere.`);
  process.exit(1);
}

await build(path.join(ROOT, 'scripts/docs'), { outDir });
console.log(`The site is in ${path.relative(process.cwd(), outDir)}`);
if (values.serve) {
  const { url } = await serveFolder(outDir, Number(values.port ?? 0));
  console.log(`Shown at ${url}, until Ctrl-C.`);
}
