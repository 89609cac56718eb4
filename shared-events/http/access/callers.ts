import type { IncomingHttpHeaders } from 'node:http';
import type { Authenticator } from './authenticator.js';
import type { Principal } from './principal.js';

/** A request over HTTP; or, for what comes over a WebSocket, the connection that it came by. */
export type Source = object;

/** Who asks, found out once for each request or connection. */
export class Callers {
  readonly #found = new WeakMap<Source, Promise<Principal>>();

  constructor(private readonly authenticator: Pick<Authenticator, 'authenticate'>) {}

  /** Throws Unauthenticated or KeysUnavailable. */
  of(source: Source): Promise<Principal> {
    return this.#found.get(source) ?? this.identify(source, authorizationIn(source));
  }

  /** The same, where it does not stand in the headers. */
  identify(source: Source, authorization: string | undefined): Promise<Principal> {
    const found = this.authenticator.authenticate(authorization);
    this.#found.set(source, found);
    return found;
  }
}

function authorizationIn(source: Source): string | undefined {
  return 'headers' in source ? (source.headers as IncomingHttpHeaders).authorization : undefined;
}
