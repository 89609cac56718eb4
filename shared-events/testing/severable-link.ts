import { type Socket, connect, createServer } from 'node:net';
import { Carriage, type Slices, type Way } from './carriage.js';

/** How a connection breaks: both ends are told, or it stays open and carries nothing any more. */
export type Break = 'cut' | 'frozen';

/** Milliseconds that bytes are under way to the server, and back. */
export interface Latency {
  readonly up: number;
  readonly down: number;
}

/** What happens to all that goes through a link. */
interface State {
  readonly isSevered: boolean;
  readonly isOpen: boolean;
  readonly latency: Latency;
  readonly slices: Slices | undefined;
  /** Whether what goes to the server arrives, and what comes back. */
  readonly arrives: Readonly<Record<keyof Latency, boolean>>;
}

const GOOD: State = {
  isSevered: false,
  isOpen: true,
  latency: { up: 0, down: 0 },
  slices: undefined,
  arrives: { up: true, down: true },
};

/** One that is dead is open at both ends and carries nothing. */
interface Connection {
  isDead: boolean;
  readonly sockets: readonly [client: Socket, upstream: Socket];
  readonly carriages: readonly Carriage[];
}

/**
 * A TCP link to a server that can break, lose, hold back, delay and cut up what goes through it. What becomes of it
 * holds for the connections that there are and for new ones.
 */
export class SeverableLink {
  readonly #connections = new Set<Connection>();
  readonly #proxy = createServer((client) => this.#accept(client));
  readonly #server: URL;
  #state = GOOD;
  #swallowed = 0;
  #planned: { readonly bytes: number; readonly how: Break } | undefined;

  private constructor(private readonly target: string) {
    this.#server = new URL(target);
  }

  static async to(target: string): Promise<SeverableLink> {
    const link = new SeverableLink(target);
    await new Promise<void>((resolve) => link.#proxy.listen(0, '127.0.0.1', resolve));
    return link;
  }

  /** The target's, through this link. */
  get url(): string {
    const address = this.#proxy.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    return this.target.replace(`:${this.#server.port}`, `:${port}`);
  }

  /** Pieces that were lost so far, or came to a connection that carries nothing any more. */
  get swallowed(): number {
    return this.#swallowed;
  }

  /** The connections that there are break; new ones work. */
  cut(): void {
    for (const connection of this.#connections) breakOff(connection);
  }

  /** The same, and new ones break at once. */
  sever(): void {
    this.#become({ isSevered: true });
    this.cut();
  }

  delay(latency: Latency): void {
    this.#become({ latency });
  }

  slice(slices: Slices): void {
    this.#become({ slices });
  }

  /** Connections are accepted and carry nothing: what is sent is held, until nobody can send any more. */
  blackhole(): void {
    this.#become({ isOpen: false });
  }

  swallowAnswers(): void {
    this.#become({ arrives: { ...this.#state.arrives, down: false } });
  }

  swallowRequests(): void {
    this.#become({ arrives: { ...this.#state.arrives, up: false } });
  }

  /** The connections that there are stay open and carry nothing any more, whatever becomes of the link; new ones work. */
  silenceConnections(): void {
    for (const connection of this.#connections) connection.isDead = true;
    this.#become({});
  }

  /** The next connection breaks once so many bytes of answers have come. */
  breakNext(how: Break, bytes: number): void {
    this.#planned = { how, bytes };
  }

  /** Nothing is done to it any more, and what was held goes on. */
  mend(): void {
    this.#become(GOOD);
  }

  /** The same, but the connections break: what was swallowed is gone. */
  restore(): void {
    this.cut();
    this.mend();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#proxy.close(resolve));
  }

  #become(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    for (const { carriages } of this.#connections) for (const carriage of carriages) carriage.goOn();
  }

  #accept(client: Socket): void {
    if (this.#state.isSevered) return void client.destroy();
    const upstream = connect(Number(this.#server.port), this.#server.hostname);
    const up = new Carriage(client, upstream, () => this.#way('up', connection));
    const down = new Carriage(upstream, client, () => this.#way('down', connection));
    const connection: Connection = { isDead: false, sockets: [client, upstream], carriages: [up, down] };
    this.#connections.add(connection);
    this.#breakAsPlanned(connection);
    this.#carry(client, up, 'up', connection);
    this.#carry(upstream, down, 'down', connection);
  }

  #carry(from: Socket, carriage: Carriage, direction: keyof Latency, connection: Connection): void {
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      const arrives = this.#state.arrives[direction];
      if (!arrives || connection.isDead) this.#swallowed += 1;
      if (arrives) carriage.take(bytes);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      carriage.end();
      if (connection.sockets.every(({ destroyed }) => destroyed)) this.#connections.delete(connection);
    });
    carriage.goOn();
  }

  #way(direction: keyof Latency, { isDead }: Connection): Way {
    const { isOpen, latency, slices } = this.#state;
    return { isOpen: isOpen && !isDead, latencyMs: latency[direction], slices };
  }

  /** Before it is carried: what comes after that is not. */
  #breakAsPlanned(connection: Connection): void {
    const [, upstream] = connection.sockets;
    const plan = this.#planned;
    this.#planned = undefined;
    let answered = 0;
    upstream.on('data', (bytes) => {
      answered += bytes.length;
      if (!plan || answered < plan.bytes) return;
      connection.isDead = true;
      if (plan.how === 'cut') breakOff(connection);
    });
  }
}

const breakOff = ({ sockets }: Connection): void => sockets.forEach((socket) => socket.destroy());
