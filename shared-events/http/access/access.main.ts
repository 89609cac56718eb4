/** `npm run access`: keys and tokens for those who ask, where no identity provider makes them, and keys of services. */
import { readFile, writeFile } from 'node:fs/promises';
import type { JWK } from 'jose';
import { WrongUsage, argumentsIn, exitCodes, runAsCommand } from '../../transport/command-line.js';
import { newApiKey } from './api-keys.js';
import { type Role, type Scope, roles, scopes } from './principal.js';
import { newSigningKey, publicKeys, signedToken } from './token-signer.js';

const DAY_S = 86_400;

const USAGE = `Makes what says who asks.

Usage:
  npm run access -- signing-key <file>            a key of your own to sign tokens with, in the place of an identity
                                                  provider; prints AUTH_JWKS for the three sides
  npm run access -- token <file> [options]        a token signed with it
    --issuer <text>                               AUTH_ISSUER of the three sides
    --audience <text>                             AUTH_AUDIENCE; orders unless told
    --subject <text>                              who they are: it stands in every event that comes of them
    --role <role>                                 ${roles.join(', ')}; may be given more than once
    --days <n>                                    1 unless told
  npm run access -- api-key <id> [options]        a key for a service: itself, which is shown once, and what is kept of
                                                  it, for "keys" in API_KEYS_FILE
    --scope <scope>                               may be given more than once:
                                                  ${scopes.slice(0, 5).join(', ')},
                                                  ${scopes.slice(5).join(', ')}
    --days <n>                                    90 unless told
  npm run access -- --help                        this text

Examples:
  npm run access -- signing-key access-key.json
  npm run access -- token access-key.json --issuer https://shop.example --subject jane --role admin
  npm run access -- api-key checkout --scope orders:write --scope orders:read
`;

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  issuer: { type: 'string' },
  audience: { type: 'string', default: 'orders' },
  subject: { type: 'string' },
  role: { type: 'string', multiple: true },
  scope: { type: 'string', multiple: true },
  days: { type: 'string' },
} as const;

type Given = ReturnType<typeof argumentsIn<typeof OPTIONS>>['values'];

async function main(): Promise<number> {
  const { values, positionals } = argumentsIn(process.argv.slice(2), OPTIONS);
  const [what, named = ''] = positionals;
  if (values.help) return printed(USAGE);
  if (positionals.length > 2) throw new WrongUsage(`${positionals[2]} is one word too many`);
  if (what !== undefined && named === '') throw new WrongUsage(`${what} wants one word more`);
  switch (what) {
    case 'signing-key':
      return signingKey(named);
    case 'token':
      return token(named, values);
    case 'api-key':
      return apiKey(named, values);
    case undefined:
    default:
      throw new WrongUsage('say what: signing-key, token or api-key');
  }
}

/** A file that is there stays: whoever has tokens of its key would be locked out. */
async function signingKey(file: string): Promise<number> {
  const key = await newSigningKey(crypto.randomUUID());
  await writeFile(file, `${JSON.stringify(key)}\n`, { mode: 0o600, flag: 'wx' });
  return printed(`AUTH_JWKS=${JSON.stringify(publicKeys(key))}\n`);
}

async function token(file: string, given: Given): Promise<number> {
  const { issuer, subject, audience } = given;
  if (issuer === undefined || subject === undefined)
    throw new WrongUsage('--issuer and --subject are required');
  const known = (given.role ?? []).map((role) => among<Role>('--role', roles, role));
  const key = JSON.parse(await readFile(file, 'utf8')) as JWK;
  const seconds = daysIn(given, 1) * DAY_S;
  return printed(`${await signedToken(key, { issuer, audience, subject, roles: known, seconds })}\n`);
}

function apiKey(id: string, given: Given): number {
  const own = (given.scope ?? []).map((scope) => among<Scope>('--scope', scopes, scope));
  if (own.length === 0) throw new WrongUsage('--scope is required');
  const expiresAt = new Date(Date.now() + daysIn(given, 90) * DAY_S * 1_000).toISOString();
  return printed(`${JSON.stringify(newApiKey(id, own, expiresAt))}\n`);
}

function daysIn({ days }: Given, otherwise: number): number {
  const number = days === undefined ? otherwise : Number(days);
  if (Number.isInteger(number) && number >= 1 && number <= 3_650) return number;
  throw new WrongUsage('--days must be a whole number from 1 to 3650');
}

function among<Word extends string>(option: string, words: readonly Word[], word: string): Word {
  const found = words.find((known) => known === word);
  if (found === undefined) throw new WrongUsage(`${option} must be one of ${words.join(', ')}`);
  return found;
}

function printed(text: string): number {
  process.stdout.write(text);
  return exitCodes.done;
}

await runAsCommand('access', main, () => undefined);
