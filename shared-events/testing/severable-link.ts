import { type Socket, connect, createServer } from 'node:net';

/** How a connection breaks: both ends are told, or it stays open and carries nothing any more. */
export type Break = 'cut' | 'frozen';

/** A TCP link to a server that can lose what goes through it. */
export async function severableLink(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let silenced = new Set<Socket>();
  let up = true;
  let down = true;
  let swallowed = 0;
  let planned: { readonly bytes: number; readonly how: Break } | undefined;
  const passes = (open: boolean, client: Socket) => {
    const does = open && !silenced.has(client);
    if (!does) swallowed += 1;
    return does;
  };
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const plan = planned;
    planned = undefined;
    let answered = 0;
    const breakWhenDue = (bytes: Buffer) => {
      answered += bytes.length;
      if (!plan || answered < plan.bytes) return;
      silenced.add(client);
      if (plan.how === 'cut') client.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => passes(up, client) && upstream.write(bytes));
    upstream.on('data', (bytes) => {
      breakWhenDue(bytes);
      if (passes(down, client)) client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  const bound = typeof address === 'object' && address ? address.port : 0;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    /** The target's, through this link. */
    url: target.replace(`:${port}`, `:${bound}`),
    cut,
    /** The next connection breaks once so many bytes of answers have come. */
    breakNext: (how: Break, bytes: number) => void (planned = { how, bytes }),
    swallowAnswers: () => (down = false),
    swallowRequests: () => (up = false),
    /** Pieces that were lost so far. */
    swallowed: () => swallowed,
    /** The connections that there are stay open and carry nothing any more; new ones work. */
    silenceConnections: () => (silenced = new Set(sockets)),
    /** What was swallowed is gone: the connections break, new ones work. */
    restore: () => {
      up = down = true;
      cut();
    },
    close: () =>
      new Promise<void>((resolve) => {
        cut();
        proxy.close(() => resolve());
      }),
  };
}
