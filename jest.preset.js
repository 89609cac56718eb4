/** Sources run as ESM through swc; the `@orders/source` condition resolves workspace packages to their .ts files. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@orders/source', 'node'] },
  testMatch: ['<rootDir>/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2024',
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  reporters: ['default', '<rootDir>/../tools/jest-reporter.mjs'],
  maxWorkers: 2,
  testTimeout: 90_000,
};
