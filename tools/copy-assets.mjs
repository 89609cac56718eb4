// tsc copies only code: the schema, SQL and web files that the code reads at run time go to dist beside it.
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const isAsset = (file) => /\.(graphql|sql|html|css)$/.test(file);

/** Copies a project's assets to its dist. */
export function copyAssets(project) {
  for (const entry of readdirSync(project, { recursive: true, withFileTypes: true })) {
    const file = relative(project, join(entry.parentPath, entry.name));
    if (!entry.isFile() || !isAsset(file) || /^(dist|node_modules|test-results)\b/.test(file)) continue;
    const copy = join(project, 'dist', file);
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(join(project, file), copy);
  }
}

if (import.meta.main) copyAssets('.'); // as the last step of a project's own build
