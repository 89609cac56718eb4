import { createServer } from 'node:net';

const TRIES = 50;

/**
 * A port of an address, by default 127.0.0.1, that nobody listens on: `preferred` or the next free one above it, or
 * any when none is preferred. Somebody may take it before the caller does; the caller then asks again. Throws where
 * the address is none of this machine's.
 */
export async function freePort(preferred?: number, host = '127.0.0.1'): Promise<number> {
  if (preferred === undefined) return boundPort(0, host);
  for (let port = preferred; port < Math.min(preferred + TRIES, 65_536); port++) {
    const found = await boundPort(port, host).catch(() => undefined);
    if (found !== undefined) return found;
  }
  return boundPort(0, host);
}

function boundPort(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
