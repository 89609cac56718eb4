import { sleep } from '@orders/shared-events/transport/waiting.js';
import { readFile } from 'node:fs/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { Killable } from '../killable.js';

/** A port of its own for the inspector of each process: for NODE_OPTIONS. */
export const INSPECTABLE = '--inspect-port=0';

const COLLECTED_MS = 30_000;
const LISTENING = /Debugger listening on (ws:\/\/\S+)/g;

const Answer = z.object({ id: z.int(), result: z.unknown(), error: z.unknown() }).partial();
/** Bytes. What buffers hold stands apart from the heap. */
const HeapUsage = z.object({ usedSize: z.number(), backingStorageSize: z.number() });

/**
 * How many bytes live in a Node process, once all else is collected: what it keeps, and nothing of how lazily its heap is
 * cleared. By the inspector, which every Node has and begins with SIGUSR1
 * (https://nodejs.org/en/learn/getting-started/debugging, https://chromedevtools.github.io/devtools-protocol/v8/).
 *
 * @param logFile where the process writes its standard error
 */
export async function liveBytesOf({ pid }: Pick<Killable, 'pid'>, logFile: string): Promise<number> {
  const inspector = await Inspector.connect(await inspectorOf(pid, logFile));
  try {
    // What only finalizers let go is collected the second time.
    for (let pass = 0; pass < 2; pass++) await inspector.ask('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize } = HeapUsage.parse(await inspector.ask('Runtime.getHeapUsage'));
    return usedSize + backingStorageSize;
  } finally {
    inspector.close();
  }
}

async function inspectorOf(pid: number, logFile: string): Promise<string> {
  process.kill(pid, 'SIGUSR1');
  for (const deadline = performance.now() + COLLECTED_MS; performance.now() < deadline; await sleep(100)) {
    const url = [...(await readFile(logFile, 'utf8')).matchAll(LISTENING)].at(-1)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`process ${pid} does not say where its inspector is: ${logFile}`);
}

class Inspector {
  #asked = 0;

  private constructor(private readonly socket: WebSocket) {}

  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return new Inspector(socket);
  }

  ask(method: string): Promise<unknown> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method} takes too long`)), COLLECTED_MS);
      const hear = (data: Buffer) => {
        const { id: of, result, error } = Answer.parse(JSON.parse(data.toString()));
        if (of !== id) return;
        clearTimeout(late);
        this.socket.off('message', hear);
        if (error === undefined) resolve(result);
        else reject(new Error(`${method}: ${JSON.stringify(error)}`));
      };
      this.socket.on('message', hear);
      this.socket.send(JSON.stringify({ id, method }));
    });
  }

  close(): void {
    this.socket.close();
  }
}
