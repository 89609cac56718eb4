// tsc copies only code: the schema, SQL and JSON files that the code reads at run time go to dist beside it.
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const isAsset = (file) => /\.(graphql|sql|html|css)$/.test(file);

for (const entry of readdirSync('.', { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (!entry.isFile() || !isAsset(file) || /^(dist|node_modules|test-results)\//.test(file)) continue;
  mkdirSync(dirname(join('dist', file)), { recursive: true });
  cpSync(file, join('dist', file));
}
