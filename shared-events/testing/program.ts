import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));

/** A process of a few lines of code, which imports what is built of this project as `./transport/….js`. */
export const program = (code: string, ...args: readonly string[]) =>
  spawn(process.execPath, ['--input-type=module', '--eval', code, '--', ...args], {
    cwd: dist,
    stdio: ['pipe', 'pipe', 'pipe'],
  });

export type Program = ReturnType<typeof program>;
