import { hash } from 'node:crypto';
import { BoundedCache } from '../../transport/bounded-cache.js';
import type { ApiKeys } from './api-keys.js';
import type { Principal } from './principal.js';
import { Unauthenticated } from './refusals.js';
import type { TokenVerifier } from './token-verifier.js';

const BEARER = /^Bearer +(\S+)$/i;
const LONGEST_TOKEN = 8_192;
/** A proof costs a tenth of a millisecond, and a caller comes again with the same token. */
const KNOWN = 10_000;
/** So long a key that was taken back counts for who came with it before. */
const KNOWN_MS = 60_000;

/** Finds out who asks: a person by a token of the identity provider, a service by a key of ours. */
export class Authenticator {
  readonly #known = new BoundedCache<string, { readonly principal: Principal; readonly until: number }>(
    KNOWN,
  );

  constructor(
    private readonly tokens: Pick<TokenVerifier, 'verify'>,
    private readonly keys: Pick<ApiKeys, 'find'>,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Throws Unauthenticated or KeysUnavailable.
   * @param authorization the header: `Bearer` and a token or an API key
   */
  async authenticate(authorization: string | undefined): Promise<Principal> {
    if (authorization === undefined) throw new Unauthenticated('say who you are: Authorization: Bearer …');
    const credential = BEARER.exec(authorization)?.[1];
    if (credential === undefined || credential.length > LONGEST_TOKEN)
      throw new Unauthenticated('Authorization must be Bearer and a token or an API key');
    const key = this.keys.find(credential);
    if (key !== undefined) return this.#unexpired(key);
    return this.#unexpired(await this.#ofToken(credential));
  }

  async #ofToken(token: string): Promise<Principal> {
    // Not by the token itself: it may be long, and a dump of the memory would be full of them.
    const digest = hash('sha256', token, 'base64');
    const known = this.#known.get(digest);
    if (known && known.until > this.now()) return known.principal;
    const principal = await this.tokens.verify(token);
    this.#known.set(digest, { principal, until: this.now() + KNOWN_MS });
    return principal;
  }

  #unexpired(principal: Principal): Principal {
    if (principal.expiresAt <= this.now()) throw new Unauthenticated('the token or key has expired');
    return principal;
  }
}
