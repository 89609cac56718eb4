// Whether dist is what the sources say, and the build that makes it so. Nx knows both too, but needs two seconds
// to say so and three times as long to build: one compiler for all projects reads what they share once. Here the
// sizes and times of all files are compared with those after the last build.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, Failure, pinnedNode, root, run } from './child-process.mjs';
import { copyAssets } from './copy-assets.mjs';

const stamp = join(root, 'node_modules', '.built-sources');
const notSources = new Set(['node_modules', 'dist', 'test-results', 'coverage']);
const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Builds every project whose sources have changed since it was built. */
export async function build() {
  const sources = fingerprint(sourceFiles());
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources + builtFingerprint()) return;
  console.log('Building ...');
  const started = performance.now();
  const { code, output } = await run(pinnedNode(), [commandOf('typescript-7', 'tsc'), '-b'], { quiet: true });
  if (code !== 0) {
    console.error(output);
    throw new Failure('the build failed; what it said is above');
  }
  for (const name of workspaces) copyAssets(join(root, name));
  writeFileSync(stamp, sources + builtFingerprint()); // the sources as they were when the build began
  console.log(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

function sourceFiles() {
  const atRoot = readdirSync(root).filter((name) => /^(package(-lock)?|nx|tsconfig.*)\.json$/.test(name));
  return [...atRoot, 'tools', ...workspaces].flatMap((name) => filesIn(name, notSources));
}

const builtFingerprint = () =>
  fingerprint(workspaces.flatMap((name) => filesIn(join(name, 'dist'), new Set())));

/** Paths below the root, of one file or of all in a folder; a missing one has none. */
function filesIn(path, without) {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (found.isFile()) return [path];
  const names = readdirSync(join(root, path)).filter((name) => !without.has(name));
  return names.sort().flatMap((name) => filesIn(join(path, name), without));
}

function fingerprint(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}
