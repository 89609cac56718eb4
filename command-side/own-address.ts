import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';

/** Where this process answers over HTTP, from the same machine. */
@Injectable()
export class OwnAddress {
  constructor(private readonly adapters: HttpAdapterHost) {}

  /** Of the form `http://127.0.0.1:3001`. Resolves once the process listens. */
  async url(): Promise<string> {
    if (!this.adapters.listening) await firstValueFrom(this.adapters.listen$);
    const server = this.adapters.httpAdapter.getHttpServer() as Server;
    return urlOf(server.address());
  }
}

/** One that listens on all addresses is reached by that of the loopback. */
function urlOf(bound: AddressInfo | string | null): string {
  if (bound === null || typeof bound === 'string') throw new Error('this process listens on no port');
  const { address, family, port } = bound;
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
  return `http://${family === 'IPv6' && host === address ? `[${host}]` : host}:${port}`;
}
