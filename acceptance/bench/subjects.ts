import { EventStoreDBClient } from '@eventstore/db-client';
import { fillStore } from './filled-store.js';
import { cpuAloneOf } from './process-usage.js';
import { Stage, built } from './stage.js';
import { appendMessages } from './wire-size.js';

export const OURS = 'event-store';
const BARE = 'bare-grpc';

/** The node with a filled store, and the bare server that answers a read of its first events as the node does. */
export class Subjects {
  private constructor(
    readonly stage: Stage,
    /** For the client: of the node, and of the bare server. */
    readonly urls: Readonly<Record<'ours' | 'bare', string>>,
    /** Events in the store, all of which the bare server has as well. */
    readonly events: number,
  ) {}

  /** Closing the stage stops them. */
  static async start(stage: Stage, events: number): Promise<Subjects> {
    await fillStore(stage.file(OURS), events);
    const ours = await stage.server(OURS);
    const { answer } = appendMessages();
    const { url: bare } = await stage.add({
      name: BARE,
      command: [built('acceptance', 'bench/bare-grpc.main.js')],
      environment: { EVENTSTORE_URL: ours, CANNED_EVENTS: String(events), ANSWER_BYTES: String(answer) },
    });
    return new Subjects(stage, { ours, bare }, events);
  }

  /** CPU time until now of both servers and of this process, which is their client, in milliseconds. */
  async cpuMs(): Promise<Record<'ours' | 'bare' | 'client', number>> {
    const [ours, bare, client] = await Promise.all([
      cpuAloneOf(this.stage.part(OURS).pid),
      cpuAloneOf(this.stage.part(BARE).pid),
      cpuAloneOf(process.pid),
    ]);
    return { ours, bare, client };
  }
}

/** Work with the unmodified client, which is there only for so long. */
export async function asClient<T>(url: string, work: (client: EventStoreDBClient) => Promise<T>): Promise<T> {
  const client = EventStoreDBClient.connectionString(url);
  try {
    return await work(client);
  } finally {
    await client.dispose();
  }
}
