// Writes the pages of docs/reference from doc comments.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './entries.js';
import { reference } from './reference.js';

const folder = path.join(ROOT, 'docs/reference');
const { pages, undescribed } = reference();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const [name, text] of pages) writeFileSync(path.join(folder, name), text);
console.log(`${pages.size} pages in docs/reference/`);
if (undescribed.length > 0) {
  console.error(`Without a comment:\n${undescribed.join('\n')}`);
  process.exitCode = 1;
}
