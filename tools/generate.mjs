// npm run generate [-- [--check | --accept] [command-side | query-side | contracts ...]]: what is generated from the
// sources and committed. With --check nothing is written, and a file that is out of date is a failure. --accept makes
// the contracts, as they are now, the ones that may no longer be broken (docs/contracts/README.md).
import { parseArgs } from 'node:util';
import { Failure, main } from './child-process.mjs';
import { checkFiles, writeFiles } from './generate/files.mjs';
import { graphqlTypes } from './generate/graphql-types.mjs';

const sides = ['command-side', 'query-side'];
const CONTRACTS = 'contracts';

await main(async () => {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean', default: false }, accept: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const wanted = positionals.length > 0 ? positionals : [...sides, CONTRACTS];
  if (values.check && values.accept) throw new Failure('--check writes nothing, and --accept does');
  const settle = values.check ? checkFiles : writeFiles;
  // The types first: without them nothing builds, and the contracts are made by what is built.
  for (const side of wanted.filter((name) => name !== CONTRACTS)) settle(await graphqlTypes(side));
  if (!wanted.includes(CONTRACTS)) return;
  const { contracts } = await import('./generate/contracts.mjs');
  await contracts(settle, values.accept);
});
