import { type JSONWebKeySet, type JWK, SignJWT, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { Role } from './principal.js';

const ALGORITHM = 'Ed25519';

/** A key of one's own to sign tokens with, where no identity provider is: on one machine, and in specs. */
export async function newSigningKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: ALGORITHM, use: 'sig', kid };
}

/** What whoever verifies such tokens is given. */
export function publicKeys({ d: _private, ...key }: JWK): JSONWebKeySet {
  return { keys: [key] };
}

export interface Issued {
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
  readonly roles: readonly Role[];
  /** From now on. */
  readonly seconds: number;
}

export async function signedToken(key: JWK, issued: Issued): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ roles: issued.roles })
    .setProtectedHeader({ alg: ALGORITHM, ...(key.kid === undefined ? {} : { kid: key.kid }) })
    .setIssuer(issued.issuer)
    .setAudience(issued.audience)
    .setSubject(issued.subject)
    .setIssuedAt(now)
    .setExpirationTime(now + issued.seconds)
    .sign(await importJWK(key, ALGORITHM));
}
