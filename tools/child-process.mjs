// What the tools share to run other programs: the pinned Node, an environment of their own, and one exit.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The workspace's root, with a trailing slash. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** What was wrong, in one line for the reader; anything else that is thrown is a bug and shows its stack. */
export class Failure extends Error {}

/** Runs a tool's work; a Failure becomes one line and exit code 1. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** The Node that npm scripts run on: the pinned one where its package is installed, else this one. */
export function pinnedNode() {
  const pinned = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return existsSync(pinned) ? pinned : process.execPath;
}

/** The script behind a command of an installed package. */
export function commandOf(packageName, command = packageName) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[command]);
}

// Of the settings that npm hands down to scripts only those say how to reach a registry; the others, such as
// --workspace, --omit, --dry-run or --prefix, were meant for the command that the user typed.
const reachesRegistry =
  /^npm_config_(.*(registry|proxy|auth|cert|fetch|ssl|offline).*|ca|cafile|key|cache|userconfig|globalconfig)$/i;

/** This process's environment for a nested npm or Nx. */
export function nestedEnvironment() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_/i.test(name) || reachesRegistry.test(name),
  );
  const environment = Object.fromEntries(kept);
  const path = Object.keys(environment).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  environment[path] = [join(root, 'node_modules', '.bin'), environment[path]].filter(Boolean).join(delimiter);
  return { ...environment, NX_TUI: 'false' };
}

/**
 * Runs a program in the root until it ends.
 * @param quiet true keeps what it prints for the caller instead of showing it
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(program, args, { quiet = false } = {}) {
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
  const child = spawn(program, args, { cwd: root, env: nestedEnvironment(), stdio });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
  const stop = () => child.kill('SIGTERM');
  process.once('SIGTERM', stop);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Failure(`${program} cannot be run: ${error.message}`)));
    child.once('close', (code) => {
      process.off('SIGTERM', stop);
      resolve({ code: code ?? 1, output: Buffer.concat(output).toString() });
    });
  });
}
