import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { append } from './append.bench.js';
import { type Throughput, countedLoop, perSecond } from './closed-loop.js';
import { usageOf } from './process-usage.js';
import { type Measurement, figure } from './report.js';
import { PAYLOAD_BYTES } from './small-event.js';
import { type Line, type Point, lineOfSecondHalf } from './statistics.js';
import { OURS, type Subjects, asClient } from './subjects.js';

const APPENDS = 1_000_000;
const IN_FLIGHT = 256;
const SAMPLE_EVERY = 10_000;
const MIB = 2 ** 20;
/** Over the second half of the appends. */
const MOST_GROWTH_MIB = 16;
/** Linux counts a file's blocks in these, whatever those of the file system are. */
const BLOCK_BYTES = 512;

/** The node's anonymous memory over a million appends of one event each, and what they take on disk. */
export async function measureMillion(
  subjects: Subjects,
  progress: (line: string) => void,
): Promise<Measurement> {
  const diskBefore = await diskBytes(subjects);
  const memory = new Memory(subjects, progress);
  const throughput = await asClient(subjects.urls.ours, (client) =>
    countedLoop(APPENDS, IN_FLIGHT, async () => {
      await append(client);
      memory.appended();
    }),
  );
  const perEvent = ((await diskBytes(subjects)) - diskBefore) / APPENDS;
  return measurement(throughput, await memory.samples(), perEvent);
}

/** Samples the anonymous memory of the node at every so many appends. */
class Memory {
  readonly #samples: Promise<Point>[] = [];
  #appended = 0;

  constructor(
    private readonly subjects: Subjects,
    private readonly progress: (line: string) => void,
  ) {}

  appended(): void {
    this.#appended += 1;
    if (this.#appended % SAMPLE_EVERY === 0) this.#samples.push(this.#sample(this.#appended));
    if (this.#appended % (APPENDS / 10) === 0) this.progress(`${this.#appended} appends`);
  }

  /** x in appends, y in bytes. */
  samples(): Promise<Point[]> {
    return Promise.all(this.#samples);
  }

  async #sample(x: number): Promise<Point> {
    const usage = await usageOf({ node: this.subjects.stage.part(OURS).pid });
    return { x, y: usage['node']?.anonymousBytes ?? NaN };
  }
}

/** What the data takes on disk, in bytes. */
async function diskBytes({ stage }: Subjects): Promise<number> {
  const { blocks } = await stat(join(stage.file(OURS), 'events.lmdb'));
  return blocks * BLOCK_BYTES;
}

function measurement(throughput: Throughput, samples: readonly Point[], perEvent: number): Measurement {
  const growth = growthOf(lineOfSecondHalf(samples));
  const mib = samples.map(({ y }) => y / MIB);
  const [first = NaN, half = NaN, last = NaN] = [mib[0], mib[mib.length / 2], mib.at(-1)];
  return {
    title: `a million appends of one event each, ${IN_FLIGHT} in flight`,
    lines: [
      `${figure(throughput.seconds)} s, ${figure(perSecond(throughput))} appends/s`,
      `anonymous memory of the node: ${figure(first)} MiB after ${SAMPLE_EVERY}, ${figure(half)} after the first half, ${figure(last)} at the end, ${figure(Math.max(...mib))} at most`,
      `growth over the second half, from the slope of its ${samples.length / 2} samples: ${figure(growth.mib)} ± ${figure(growth.error)} MiB (its standard error)`,
      `disk: ${figure(perEvent)} bytes an event, of which ${PAYLOAD_BYTES} are its data and metadata`,
    ],
    figures: {
      appends: APPENDS,
      inFlight: IN_FLIGHT,
      ...throughput,
      samples,
      growth,
      perEvent,
      PAYLOAD_BYTES,
    },
    goals: [
      {
        name: "growth of the node's memory over half a million appends",
        measured: growth.mib,
        bound: 'at most',
        goal: MOST_GROWTH_MIB,
        unit: ' MiB',
      },
    ],
  };
}

/** Of half the appends, in MiB; the error is the standard error of the slope, times as much. */
function growthOf(line: Line | undefined): { mib: number; error: number } {
  const perByte = APPENDS / 2 / MIB;
  return { mib: (line?.slope ?? NaN) * perByte, error: (line?.error ?? NaN) * perByte };
}
