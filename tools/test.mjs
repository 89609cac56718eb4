// npm test: every project's tests through Nx, and what they came to. Further arguments go to Nx, for example
// npm test -- --projects=shared-events
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, main, pinnedNode, root, run } from './child-process.mjs';
import { notRunOnRealServers } from './real-servers.mjs';

const reports = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'jest.config.js')))
  .map((entry) => ({ project: entry.name, path: join(root, entry.name, 'test-results', 'jest.json') }));

await main(async () => {
  for (const { path } of reports) rmSync(path, { force: true });
  // One project at a time: suites start servers of their own, and Jest itself uses the cores.
  const nx = ['run-many', '-t', 'test', '--parallel=1', '--outputStyle=stream', ...process.argv.slice(2)];
  const { code } = await run(pinnedNode(), [commandOf('nx'), ...nx]);
  const { passed, failed } = summary();
  return code !== 0 || failed > 0 || passed === 0 ? 1 : 0;
});

/** Prints what was skipped and why, then one line of counts. */
function summary() {
  const ran = reports.filter(({ path }) => existsSync(path));
  const results = ran.map(({ project, path }) => ({ project, ...JSON.parse(readFileSync(path, 'utf8')) }));
  console.log();
  for (const line of notRunOnRealServers(process.env)) console.log(line);
  for (const { project, skipped } of results)
    for (const test of skipped) console.log(`Skipped: ${project}/${test}`);
  const sum = (count) => results.reduce((total, result) => total + count(result), 0);
  const [passed, failed] = [sum((result) => result.passed), sum((result) => result.failed)];
  console.log(`${passed} passed, ${failed} failed, ${sum((result) => result.skipped.length)} skipped`);
  return { passed, failed };
}
