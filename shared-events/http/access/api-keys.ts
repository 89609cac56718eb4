import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { LogSink } from '../../transport/observability.js';
import { oneLine } from '../../transport/one-line.js';
import { type Principal, type Scope, scopes } from './principal.js';

/** A service's key as it is kept: what it is proved by, and never the key itself. */
const KeptKey = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,32}$/, { error: 'must be 1 to 32 lower-case letters, digits and -' }),
  /** Of the key's secret, in hexadecimal. It has 256 random bits, so that there is nothing to guess. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: 'must be 64 hexadecimal digits' }),
  scopes: z.array(z.enum(scopes)).min(1),
  expiresAt: z.iso.datetime({ error: 'must be an instant, e.g. 2026-12-31T00:00:00Z' }),
});
const KeyFile = z.strictObject({ keys: z.array(KeptKey) });
type KeptKey = z.infer<typeof KeptKey>;

const KEY = /^ok_([a-z0-9-]{1,32})_([A-Za-z0-9_-]{43})$/;
const SECRET_BYTES = 32;

/** A new key: what the service is told, once, and what is kept of it. */
export function newApiKey(id: string, own: readonly Scope[], expiresAt: string) {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const kept = KeptKey.parse({ id, sha256: hash('sha256', secret), scopes: own, expiresAt });
  return { key: `ok_${id}_${secret}`, kept };
}

/** A file is looked at again after so long: a key that is taken out of it does not count any more then. */
const LOOK_EVERY_MS = 5_000;

/** The keys of services, in a file that whoever runs the system keeps. Several keys of one service have ids of their own. */
export class ApiKeys {
  #keys: ReadonlyMap<string, KeptKey> = new Map();
  #writtenAt = -1;
  #lookedAt = -Infinity;

  /** Throws where the file cannot be read, or is none. @param file undefined: there are no services */
  constructor(
    private readonly file: string | undefined,
    private readonly logger: Pick<LogSink, 'info' | 'error'>,
    private readonly now: () => number = Date.now,
  ) {
    if (file !== undefined) this.#read(file);
  }

  /** Whose key it is, also where it has expired; undefined for what is none of the keys. */
  find(key: string): Principal | undefined {
    const [, id, secret] = KEY.exec(key) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    this.#lookAgain();
    const kept = this.#keys.get(id);
    if (!kept || !isSame(hash('sha256', secret), kept.sha256)) return undefined;
    const actor = { kind: 'service', subject: id } as const;
    return { actor, roles: [], scopes: kept.scopes, expiresAt: Date.parse(kept.expiresAt) };
  }

  /** A file that cannot be read now leaves the keys as they were, since all services would be locked out otherwise. */
  #lookAgain(): void {
    if (this.file === undefined || this.now() - this.#lookedAt < LOOK_EVERY_MS) return;
    try {
      if (statSync(this.file).mtimeMs !== this.#writtenAt) this.#read(this.file);
    } catch (error) {
      this.logger.error({ reason: oneLine(error) }, 'the API keys cannot be read, and stay as they were');
    }
    this.#lookedAt = this.now();
  }

  #read(file: string): void {
    const writtenAt = statSync(file).mtimeMs;
    const { keys } = KeyFile.parse(JSON.parse(readFileSync(file, 'utf8')));
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#writtenAt = writtenAt;
    this.#lookedAt = this.now();
    this.logger.info({ keys: keys.length }, 'API keys read');
  }
}

const isSame = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(one, 'hex'), Buffer.from(other, 'hex'));
