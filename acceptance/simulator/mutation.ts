import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';
import type { Mutant } from './mutants.js';

const root = join(
  import.meta.dirname,
  import.meta.dirname.endsWith(join('dist', 'simulator')) ? '../../..' : '../..',
);

/** The projects that the simulator runs; local-stack is only named by files that it does not load. */
const PROJECTS = ['shared-events', 'command-side', 'process-managers', 'acceptance'];

export class DoesNotApply extends Error {
  override readonly name = 'DoesNotApply';
}

/** The source with the fault in it. Throws DoesNotApply where the change does not fit exactly once. */
export function mutated({ name, file, find, replace }: Mutant): string {
  const source = readFileSync(join(root, file), 'utf8');
  const times = source.split(find).length - 1;
  if (times !== 1) throw new DoesNotApply(`${name}: what is to be changed stands ${times} times in ${file}`);
  return source.replace(find, () => replace);
}

/** A copy of what is built, in a folder of its own. */
export class BuiltCopy {
  private constructor(private readonly dir: string) {}

  static async make(): Promise<BuiltCopy> {
    const dir = await mkdtemp(join(tmpdir(), 'orders-mutant-'));
    await mkdir(join(dir, 'node_modules', '@orders'), { recursive: true });
    for (const project of PROJECTS) await copyProject(dir, project);
    const installed = await readdir(join(root, 'node_modules'));
    for (const name of installed.filter((entry) => entry !== '@orders' && !entry.startsWith('.'))) {
      await symlink(join(root, 'node_modules', name), join(dir, 'node_modules', name));
    }
    return new BuiltCopy(dir);
  }

  /** Where a file of the copy's simulator is. */
  simulator(file: 'worker.js' | 'simulate.main.js'): URL {
    return pathToFileURL(join(this.dir, 'acceptance', 'dist', 'simulator', file));
  }

  /** Until `restore`. */
  async apply(mutant: Mutant): Promise<void> {
    await writeFile(this.#built(mutant), compiled(mutated(mutant), mutant.file));
  }

  async restore(mutant: Mutant): Promise<void> {
    await cp(join(root, builtName(mutant)), this.#built(mutant));
  }

  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  #built(mutant: Mutant): string {
    return join(this.dir, builtName(mutant));
  }
}

async function copyProject(dir: string, project: string): Promise<void> {
  await mkdir(join(dir, project));
  for (const part of ['dist', 'package.json']) {
    await cp(join(root, project, part), join(dir, project, part), { recursive: true });
  }
  const own = join(root, project, 'node_modules');
  await symlink(own, join(dir, project, 'node_modules'));
  await symlink(join(dir, project), join(dir, 'node_modules', '@orders', project));
}

/** `project/path.ts` is built as `project/dist/path.js`. */
const builtName = ({ file }: Mutant): string => file.replace('/', '/dist/').replace(/\.ts$/, '.js');

const compiled = (source: string, filename: string): string =>
  transformSync(source, {
    filename,
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      target: 'es2024',
    },
    module: { type: 'es6' },
    swcrc: false,
  }).code;
