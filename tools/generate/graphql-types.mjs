// TypeScript types of a side's GraphQL schema, from its .graphql files to graphql.generated.ts.
import { codegen } from '@graphql-codegen/core';
import * as typescript from '@graphql-codegen/typescript';
import { concatAST, parse, Source } from 'graphql';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, root } from '../child-process.mjs';

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

/** The generated file, by its path. */
export async function graphqlTypes(side) {
  const files = globSync(`${side}/**/*.graphql`, {
    cwd: root,
    exclude: (name) => /^(dist|node_modules)$/.test(name),
  });
  if (files.length === 0) throw new Failure(`${side} has no .graphql files`);
  const documents = files
    .sort()
    .map((file) => parse(new Source(readFileSync(join(root, file), 'utf8'), file)));
  const path = `${side}/graphql.generated.ts`;
  const generated = await codegen({
    filename: path,
    schema: concatAST(documents),
    documents: [],
    config,
    pluginMap: { typescript },
    plugins: [{ typescript: {} }],
  });
  return new Map([[path, header + generated]]);
}
