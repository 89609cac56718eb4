// Leaves the counts of a project's test run in test-results/jest.json, where tools/test.mjs sums them up.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export default class CountsReporter {
  constructor(globalConfig) {
    this.rootDir = globalConfig.rootDir;
  }

  onRunComplete(_contexts, results) {
    const folder = join(this.rootDir, 'test-results');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'jest.json'), JSON.stringify(this.#counts(results), null, 2));
  }

  #counts(results) {
    return {
      passed: results.numPassedTests,
      // A file that cannot even be loaded holds tests that nobody counted.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.testResults.flatMap(({ testFilePath, testResults }) =>
        testResults
          .filter(({ status }) => ['pending', 'todo', 'skipped', 'disabled'].includes(status))
          .map(({ fullName }) => `${relative(this.rootDir, testFilePath)}: ${fullName}`),
      ),
    };
  }
}
