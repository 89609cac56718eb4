import { Interrupted } from '@orders/shared-events/transport/interruption.js';
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

/** Where a command tells what it has to tell, and asks. */
export interface Terminal {
  /** The result, on standard output. */
  write(text: string): void;
  /** Everything else, on standard error: a line. */
  note(line: string): void;
  /** Of standard output, in columns; undefined where it is no terminal, so that nothing is cut off. */
  readonly width: number | undefined;
  readonly paint: Paint;
  /** Whether somebody is sure of it; undefined where there is nobody to ask. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
}

export type Paint = (style: Style, text: string) => string;

type Streams = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'env'>;

/** Of a process. Colours are there on a terminal that has them, and not under NO_COLOR. */
export function terminalOf(process: Streams, signal: AbortSignal): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const isAnswered = stdin.isTTY && stderr.isTTY;
  return {
    write: (text) => void stdout.write(text),
    note: (line) => void stderr.write(`${line}\n`),
    // Some terminals do not know, and say 0.
    width: (stdout.isTTY && stdout.columns) || undefined,
    paint: stdout.isTTY && stdout.hasColors(env) ? painted : plain,
    ask: isAnswered ? (question) => answered(question, process, signal) : undefined,
  };
}

const painted: Paint = (style, text) => styleText(style, text, { validateStream: false });
export const plain: Paint = (_style, text) => text;

/** An end of the input is a no. */
async function answered(
  question: string,
  { stdin: input, stderr: output }: Streams,
  signal: AbortSignal,
): Promise<boolean> {
  const lines = createInterface({ input, output });
  try {
    const ended = new Promise<string>((resolve, reject) => {
      lines.once('close', () => resolve(''));
      lines.once('SIGINT', () => reject(new Interrupted()));
    });
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
