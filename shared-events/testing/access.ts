import type { Role } from '../http/access/principal.js';
import { newSigningKey, publicKeys, signedToken } from '../http/access/token-signer.js';

const key = await newSigningKey('of-the-specs');
const issuer = 'https://id.specs.example';
const audience = 'orders';

/** What processes are started with that are to believe the tokens below. */
export const ACCESS = { AUTH_ISSUER: issuer, AUTH_JWKS: JSON.stringify(publicKeys(key)) };

/** The header of somebody with these roles, for an hour. */
export const headerOf = async (subject: string, ...roles: readonly Role[]) => {
  const token = await signedToken(key, { issuer, audience, subject, roles, seconds: 3_600 });
  return { authorization: `Bearer ${token}` } as const;
};

export const ADMIN = await headerOf('jane', 'admin');
