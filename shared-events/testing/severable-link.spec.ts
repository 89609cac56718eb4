import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import { SeverableLink } from './severable-link.js';
import { until } from './until.js';

/** Sends everything back; `sockets` are its ends of the connections. */
async function echo() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `tcp://127.0.0.1:${port}`, sockets, close };
}

let server: Awaited<ReturnType<typeof echo>>;
let link: SeverableLink;
let callers: Caller[];

beforeEach(async () => {
  server = await echo();
  link = await SeverableLink.to(server.url);
  callers = [];
});
afterEach(async () => {
  for (const { socket } of callers) socket.destroy();
  await link.close();
  await server.close();
});

/** Notes what comes back. */
class Caller {
  readonly chunks: Buffer[] = [];
  isClosed = false;

  constructor(readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => this.chunks.push(bytes));
    socket.on('close', () => (this.isClosed = true));
  }
  get heard(): string {
    return Buffer.concat(this.chunks).toString();
  }
  async says(text: string): Promise<void> {
    const before = this.heard;
    this.socket.write(text);
    await until(() => this.heard === before + text);
  }
}

async function caller(url = link.url): Promise<Caller> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', noDelay: true });
  const made = new Caller(socket);
  callers.push(made);
  await once(socket, 'connect');
  return made;
}

/** A while in which much would have come through. */
async function meanwhile(): Promise<void> {
  const direct = await caller(server.url);
  for (let turn = 0; turn < 20; turn++) await direct.says('x');
}

describe('a link', () => {
  it('carries what is said, and what is answered', async () => {
    await (await caller()).says('hello');
  });

  it('carries much, in its order, to one who does not listen at first', async () => {
    const slow = await caller();
    const text = Array.from({ length: 400_000 }, (_, n) => `${n} `).join('');
    slow.socket.pause();
    slow.socket.write(text);
    await meanwhile();
    slow.socket.resume();
    await until(() => slow.chunks.reduce((sum, { length }) => sum + length, 0) === text.length);
    expect(slow.heard === text).toBe(true);
  });

  it('tells each side that the other is gone, after what that has said', async () => {
    const one = await caller();
    await one.says('hello');
    server.sockets[0]?.end('goodbye');
    await until(() => one.isClosed);
    expect(one.heard).toBe('hellogoodbye');
    const two = await caller();
    await two.says('hello');
    two.socket.destroy();
    await until(() => server.sockets[1]?.destroyed ?? false);
  });

  it('that is cut breaks the connections that there are, and new ones work', async () => {
    const before = await caller();
    await before.says('hello');
    link.cut();
    await until(() => before.isClosed && (server.sockets[0]?.destroyed ?? false));
    await (await caller()).says('again');
  });

  it('that is severed breaks new connections too, until it is mended', async () => {
    const before = await caller();
    link.sever();
    const meantime = await caller();
    await until(() => before.isClosed && meantime.isClosed);
    link.mend();
    await (await caller()).says('again');
  });

  it('that delays takes its time there, and back', async () => {
    const one = await caller();
    await one.says('hello');
    link.delay({ up: 60, down: 30 });
    const begun = performance.now();
    await one.says('there and back');
    // A timer of Node's may be a millisecond early.
    expect(performance.now() - begun).toBeGreaterThanOrEqual(88);
    link.mend();
    await one.says('hello');
  });

  it('does not let what is said later overtake what is delayed', async () => {
    const one = await caller();
    link.delay({ up: 50, down: 0 });
    one.socket.write('first ');
    await meanwhile();
    link.mend();
    one.socket.write('second');
    await until(() => one.heard.length === 12);
    expect(one.heard).toBe('first second');
  });

  it('that slices hands on small pieces, the first of them smaller than any header', async () => {
    const one = await caller();
    await one.says('hello');
    const received: number[] = [];
    server.sockets[0]?.on('data', ({ length }) => received.push(length));
    link.slice({ bytes: 10, pauseMs: 5 });
    await one.says('0123456789'.repeat(5));
    expect(received[0]).toBe(3);
    expect(received.length).toBeGreaterThan(1);
    expect(one.chunks.at(1)).toHaveLength(3);
  });

  it('that is a black hole takes connections and carries nothing; once mended, what was held goes on', async () => {
    const before = await caller();
    await before.says('hello');
    link.blackhole();
    const meantime = await caller();
    before.socket.write('late');
    meantime.socket.write('later');
    await meanwhile();
    expect([before.heard, meantime.heard]).toEqual(['hello', '']);
    link.mend();
    await until(() => before.heard === 'hellolate' && meantime.heard === 'later');
  });

  it('that is a black hole holds up whoever sends', async () => {
    const one = await caller();
    link.blackhole();
    const chunk = Buffer.alloc(1_000_000);
    await until(() => !one.socket.write(chunk) && one.socket.writableLength > 10_000_000);
    await meanwhile();
    expect(one.socket.writableLength).toBeGreaterThan(10_000_000);
  });

  it('whose connections are silenced leaves them open and dead, and new ones work', async () => {
    const before = await caller();
    await before.says('hello');
    link.silenceConnections();
    before.socket.write('lost');
    await (await caller()).says('hello');
    link.mend();
    await meanwhile();
    expect([before.heard, before.isClosed]).toEqual(['hello', false]);
  });

  it.each(['requests', 'answers'] as const)(
    'loses %s, counts them, and breaks to be restored',
    async (what) => {
      const one = await caller();
      await one.says('hello');
      if (what === 'requests') link.swallowRequests();
      else link.swallowAnswers();
      one.socket.write('lost');
      await until(() => link.swallowed > 0);
      link.restore();
      await until(() => one.isClosed);
      expect(one.heard).toBe('hello');
      await (await caller()).says('again');
    },
  );

  it.each(['cut', 'frozen'] as const)('is %s as planned, after so many bytes of answers', async (how) => {
    link.breakNext(how, 8);
    const one = await caller();
    await one.says('1234');
    one.socket.write('5678');
    await until(() => (how === 'cut' ? one.isClosed : (server.sockets[0]?.bytesRead ?? 0) >= 8));
    await (await caller()).says('hello');
    expect([one.heard, one.isClosed]).toEqual(['1234', how === 'cut']);
  });
});
