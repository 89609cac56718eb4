// What is done with generated files, each by its path below the root: they are written, or compared with what is there.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure, root } from '../child-process.mjs';

const current = (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined);

/** @param stale paths of files that were generated once and no longer are */
export function writeFiles(files, stale = []) {
  for (const [path, text] of files) {
    if (current(path) === text) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(`${path} written`);
  }
  for (const path of stale) {
    rmSync(join(root, path));
    console.log(`${path} removed`);
  }
}

/** Fails by naming every file that writing would change. */
export function checkFiles(files, stale = []) {
  const outdated = [...files].filter(([path, text]) => current(path) !== text).map(([path]) => path);
  const named = [...outdated, ...stale];
  if (named.length > 0)
    throw new Failure(`${named.join('\n')}\nnot what the sources say: run npm run generate`);
}
