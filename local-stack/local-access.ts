import { LOCAL_ISSUER } from '@orders/shared-events/transport/production.js';
import type { Role } from '@orders/shared-events/http/access/principal.js';
import { newSigningKey, publicKeys, signedToken } from '@orders/shared-events/http/access/token-signer.js';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Tokens by which one is each of these, until then. */
export interface LocalTokens {
  readonly customer: string;
  readonly operator: string;
  readonly admin: string;
}

/** What the application is told, so that it believes those tokens. */
export interface LocalAccess {
  readonly environment: Readonly<
    Record<'AUTH_ISSUER' | 'AUTH_AUDIENCE' | 'AUTH_JWKS' | 'GRAPHIQL_TOKEN', string>
  >;
  readonly tokens: LocalTokens;
}

const AUDIENCE = 'orders';
const DAYS = 30;
const SECONDS = DAYS * 86_400;

/** Whose tokens `npm start` makes. */
const LOCAL_PEOPLE = {
  customer: 'demo-customer',
  operator: 'demo-operator',
  admin: 'demo-admin',
} as const;

/** In the place of an identity provider, on one machine: tokens signed with the data folder's own key, for a month. */
export async function localAccess(dir: string): Promise<LocalAccess> {
  const key = await signingKey(dir);
  const token = (subject: string, role: Role) =>
    signedToken(key, { issuer: LOCAL_ISSUER, audience: AUDIENCE, subject, roles: [role], seconds: SECONDS });
  const [customer, operator, admin] = await Promise.all([
    token(LOCAL_PEOPLE.customer, 'customer'),
    token(LOCAL_PEOPLE.operator, 'operator'),
    token(LOCAL_PEOPLE.admin, 'admin'),
  ]);
  const environment = {
    ...{ AUTH_ISSUER: LOCAL_ISSUER, AUTH_AUDIENCE: AUDIENCE },
    ...{ AUTH_JWKS: JSON.stringify(publicKeys(key)), GRAPHIQL_TOKEN: admin },
  };
  return { environment, tokens: { customer, operator, admin } };
}

type Key = Awaited<ReturnType<typeof newSigningKey>>;

/** Made at the first start, and kept: tokens of before still count after the next one. Readable by its owner only. */
async function signingKey(dir: string): Promise<Key> {
  const file = join(dir, 'access-key.json');
  const kept = await readFile(file, 'utf8')
    .then((text) => JSON.parse(text) as Key)
    .catch(() => undefined);
  if (kept?.d !== undefined) return kept;
  const key = await newSigningKey('local');
  await mkdir(dir, { recursive: true });
  await writeFile(file, `${JSON.stringify(key)}\n`, { mode: 0o600 });
  return key;
}
