// Writes what is public below api/, for review: a test fails where it has changed.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './entries.js';
import { apiReport } from './report.js';

const folder = path.join(ROOT, 'api');
const report = await apiReport();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const [name, text] of report) writeFileSync(path.join(folder, name), text);
console.log(`${report.size} files in api/`);
