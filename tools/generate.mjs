// npm run generate [-- [--check] [side ...]]: TypeScript types of each side's GraphQL schema, from its .graphql files
// to graphql.generated.ts. With --check nothing is written, and a file that is out of date is a failure.
import { codegen } from '@graphql-codegen/core';
import * as typescript from '@graphql-codegen/typescript';
import { concatAST, parse, Source } from 'graphql';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, root } from './child-process.mjs';

const sides = ['command-side', 'query-side'];
const header = '// Generated from the .graphql files of this side by npm run generate. Do not edit.\n';

/** What the scalars are once they are parsed, and before they are serialised. */
const scalars = {
  ID: 'string',
  Currency: 'string',
  DateTime: 'string',
  JSON: 'unknown',
  JSONObject: 'unknown',
  NonNegativeInt: 'number',
  PositiveInt: 'number',
  SafeInt: 'number',
  UUID: 'string',
};

const config = {
  scalars,
  strictScalars: true, // one that is not in the table is an error, not an `any`
  enumsAsTypes: true,
  immutableTypes: true,
  useTypeImports: true,
  avoidOptionals: { field: true }, // a field that may be null is null, not forgotten
};

await main(async () => {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const settle = values.check ? check : write;
  for (const side of positionals.length > 0 ? positionals : sides) {
    settle(join(side, 'graphql.generated.ts'), await types(side));
  }
});

async function types(side) {
  const files = globSync(`${side}/**/*.graphql`, {
    cwd: root,
    exclude: (name) => /^(dist|node_modules)$/.test(name),
  });
  if (files.length === 0) throw new Failure(`${side} has no .graphql files`);
  const documents = files
    .sort()
    .map((file) => parse(new Source(readFileSync(join(root, file), 'utf8'), file)));
  const generated = await codegen({
    filename: `${side}/graphql.generated.ts`,
    schema: concatAST(documents),
    documents: [],
    config,
    pluginMap: { typescript },
    plugins: [{ typescript: {} }],
  });
  return header + generated;
}

function write(path, text) {
  writeFileSync(join(root, path), text);
  console.log(`${path} written`);
}

function check(path, text) {
  const current = existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
  if (current !== text) throw new Failure(`${path} is not what the .graphql files say: run npm run generate`);
}
