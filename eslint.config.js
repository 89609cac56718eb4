import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import { configs as typescript } from 'typescript-eslint';

const specs = ['**/*.spec.ts', '**/testing/**/*.ts'];

/** The three sides never import one another; every arrow ends at shared-events. */
const boundaries = [
  { sourceTag: 'side:shared', onlyDependOnLibsWithTags: ['side:shared'] },
  { sourceTag: 'side:command', onlyDependOnLibsWithTags: ['side:shared'] },
  { sourceTag: 'side:process', onlyDependOnLibsWithTags: ['side:shared'] },
  { sourceTag: 'side:query', onlyDependOnLibsWithTags: ['side:shared'] },
  {
    sourceTag: 'side:stack',
    onlyDependOnLibsWithTags: ['side:shared', 'side:command', 'side:process', 'side:query', 'side:stack'],
  },
  { sourceTag: 'side:acceptance', onlyDependOnLibsWithTags: ['*'] },
];

/** Decisions and folds: the same input gives the same answer, on every machine and in every replay. */
const pure = [
  'shared-events/contracts/**/*.ts',
  'command-side/*/{order,payment,product,stock}.ts',
  'command-side/*/*.state.ts',
  'command-side/*/*.snapshot.ts',
  'command-side/*/*.commands.ts',
  'command-side/order/pricing.ts',
  'command-side/payment/{owed-calls,provider-outcome,reconciliation,recorded-calls}.ts',
  'command-side/stock/{persistent-map,reservation}.ts',
  'process-managers/order-process/{order-process,definitions,deadlines,news,outstanding,pending}.ts',
  'process-managers/order-process/*-leg.ts',
  'process-managers/strays.ts',
  'query-side/*/*.projector.ts',
];

const drivers = ['@eventstore/db-client', 'amqplib', 'pg'];

/** A pure file may import its neighbours, the contracts and what validates them; nothing that reaches outside. */
const pureImports = {
  patterns: [
    {
      regex: String.raw`^(?!\.{1,2}/|@orders/shared-events/contracts/|(zod|node:crypto)$)`,
      message: 'A pure file imports only its neighbours, the contracts, zod and what hashes.',
    },
    {
      regex: '^node:crypto$',
      allowImportNames: ['hash'],
      message: 'A pure file only hashes: random ids arrive in the command.',
    },
    {
      regex: String.raw`\.(handler|resolver|module|controller|consumer|queries)\.js$`,
      message: 'A pure file does not import the shell around it.',
    },
  ],
};

const impureGlobals = [
  ...['Date', 'performance'].map((name) => ({ name, message: 'Time arrives in the command or the event.' })),
  ...['crypto'].map((name) => ({ name, message: 'Ids arrive in the command or are derived from it.' })),
  ...['process', 'console', 'fetch', 'setTimeout', 'setInterval', 'setImmediate'].map((name) => ({
    name,
    message: 'A pure file has no effects.',
  })),
];

const impureCalls = [
  { object: 'Math', property: 'random', message: 'Random numbers arrive in the command.' },
  { object: 'globalThis', message: 'A pure file reads nothing but its arguments.' },
];

const readsTheClock = [
  'NewExpression[callee.name="Date"][arguments.length=0]',
  'CallExpression[callee.name="Date"]',
  'MemberExpression[object.name="Date"][property.name="now"]',
].map((selector) => ({ selector, message: 'Time arrives in the command or the event.' }));

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', '**/test-results/', '**/*.generated.ts', '.nx/', '.data/']),
  { linterOptions: { noInlineConfig: true } },
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: { Buffer: false, console: false, performance: false, process: false, URL: false },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [typescript.strictTypeChecked],
    rules: {
      '@typescript-eslint/no-confusing-void-expression': 'off', // return resolve() reads well
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // The compiler's narrowing outlives an await, across which other code may have changed the variable.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Nest's options are classes in name only: it takes plain objects.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  // Where a spec is wrong about a value being there, it fails.
  { files: specs, rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
  {
    // One program for sources and specs: the types that both use are worked out once.
    files: ['**/*.ts'],
    languageOptions: {
      parserOptions: { project: 'tsconfig.lint.json', tsconfigRootDir: import.meta.dirname },
    },
  },
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { depConstraints: boundaries, banTransitiveDependencies: true },
      ],
    },
  },
  {
    files: ['{command-side,process-managers,query-side}/**/*.ts'],
    ignores: specs,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: drivers
            .slice(0, 2)
            .map((name) => ({ name, message: 'Only shared-events/transport knows this driver.' })),
        },
      ],
    },
  },
  {
    files: pure,
    ignores: specs,
    rules: {
      'no-restricted-imports': ['error', pureImports],
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': ['error', ...impureCalls],
      'no-restricted-syntax': [
        'error',
        { selector: 'ImportExpression', message: 'A pure file loads nothing.' },
      ],
    },
  },
  {
    // Instants are calculated with here: Date is the calendar, and still not the clock.
    files: ['shared-events/contracts/instants.ts'],
    rules: { 'no-restricted-globals': 'off', 'no-restricted-syntax': ['error', ...readsTheClock] },
  },
  prettier,
);
