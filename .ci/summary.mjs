// Reads Vitest's JSON report, prints "N passed, N failed", and fails unless tests ran and every one of them passed.
import { readFileSync } from 'node:fs';

const [reportFile, exitStatus] = process.argv.slice(2);

let report;
try {
  report = JSON.parse(readFileSync(reportFile, 'utf8'));
} catch (error) {
  console.log(`The test runner left no report: ${error.message}`);
  report = { testResults: [] };
}

const files = report.testResults;
const tests = files.flatMap((file) => file.assertionResults);
const passed = tests.filter((test) => test.status === 'passed').length;
const skipped = tests.filter((test) => !['passed', 'failed'].includes(test.status));
// A file that cannot be loaded, or whose hooks fail, counts as one failure: it has no failed test of its own.
const broken = files.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
);
const failed = tests.filter((test) => test.status === 'failed').length + broken.length;

for (const test of skipped) console.log(`Not run: ${test.fullName}`);
for (const file of broken) console.log(`Broken: ${file.name}`);
if (passed + failed === 0) console.log('No test was run.');

const ok = Number(exitStatus) === 0 && passed > 0 && failed === 0 && skipped.length === 0;
// Something outside the tests went wrong, such as an unhandled rejection: the count has to say so too.
const unexplained = !ok && failed === 0 ? 1 : 0;
console.log(`${passed} passed, ${failed + unexplained} failed`);
process.exitCode = ok ? 0 : 1;
