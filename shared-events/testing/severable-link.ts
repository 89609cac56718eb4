import { type Socket, connect, createServer } from 'node:net';

/** A TCP link to a server that can lose what goes through it. */
export async function severableLink(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let silenced = new Set<Socket>();
  let up = true;
  let down = true;
  let swallowed = 0;
  const passes = (open: boolean, client: Socket) => {
    const does = open && !silenced.has(client);
    if (!does) swallowed += 1;
    return does;
  };
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => passes(up, client) && upstream.write(bytes));
    upstream.on('data', (bytes) => passes(down, client) && client.write(bytes));
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
