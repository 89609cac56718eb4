import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type JWK, SignJWT, exportJWK, generateKeyPair, generateSecret, importJWK } from 'jose';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KeysUnavailable, Unauthenticated } from './refusals.js';
import { newSigningKey, publicKeys } from './token-signer.js';
import { TokenVerifier, algorithms } from './token-verifier.js';

const ISSUER = 'https://id.example';
const settings = { issuer: ISSUER, audience: 'orders', algorithms, rolesClaim: 'roles' };
let key: JWK;
let verifier: TokenVerifier;
beforeAll(async () => {
  key = await newSigningKey('one');
  verifier = new TokenVerifier({ ...settings, keys: publicKeys(key) });
});

const now = () => Math.floor(Date.now() / 1_000);
const claims = (change: object = {}) => ({
  ...{ iss: ISSUER, aud: 'orders', sub: 'joe', roles: ['operator'], exp: now() + 60 },
  ...change,
});
const signed = async (payload: object, by = key, alg = 'Ed25519'): Promise<string> =>
  new SignJWT({ ...payload }).setProtectedHeader({ alg, kid: by.kid ?? '' }).sign(await importJWK(by, alg));

describe('a token', () => {
  it('proves who asks, what they are, and until when', async () => {
    const { exp, ...payload } = claims();
    expect(await verifier.verify(await signed({ ...payload, exp }))).toEqual({
      actor: { kind: 'operator', subject: 'joe' },
      ...{ roles: ['operator'], scopes: [], expiresAt: (exp + 5) * 1_000 },
    });
  });

  it.each([
    [['customer'], 'customer', ['customer']],
    ['admin openid', 'operator', ['admin']],
    [['customer', 'admin'], 'operator', ['customer', 'admin']],
    [['root', 'service', 'system', 7], 'customer', []],
    [{ operator: true }, 'customer', []],
  ])('with the roles %j is of a %s', async (roles, kind, own) => {
    const found = await verifier.verify(await signed(claims({ roles })));
    expect([found.actor.kind, found.roles]).toEqual([kind, own]);
  });

  it('may have the roles elsewhere', async () => {
    const elsewhere = { ...settings, rolesClaim: 'realm_access.roles', keys: publicKeys(key) };
    const token = await signed(claims({ realm_access: { roles: ['admin'] } }));
    expect((await new TokenVerifier(elsewhere).verify(token)).roles).toEqual(['admin']);
  });

  it('counts for some seconds longer, since clocks differ', async () => {
    await verifier.verify(await signed(claims({ exp: now() - 2 })));
    await expect(verifier.verify(await signed(claims({ exp: now() - 60 })))).rejects.toThrow(
      new Unauthenticated('the token has expired'),
    );
  });

  it.each([
    ['of another issuer', { iss: 'https://else.example' }],
    ['for another audience', { aud: 'invoices' }],
    ['that never ends', { exp: undefined }],
    ['of nobody', { sub: undefined }],
    ['that does not count yet', { nbf: now() + 60 }],
    ['of a customer whose id cannot be one', { sub: 'a b', roles: ['customer'] }],
    ['of somebody with too long a name', { sub: 'x'.repeat(129) }],
  ])('%s is no proof', async (_what, change) => {
    await expect(verifier.verify(await signed(claims(change)))).rejects.toThrow(Unauthenticated);
  });

  it('of another key is no proof, whatever it calls itself', async () => {
    const other = await newSigningKey('one');
    await expect(verifier.verify(await signed(claims(), other))).rejects.toThrow(Unauthenticated);
  });

  it('that nobody signed is none, nor one signed with what everybody knows', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    await expect(verifier.verify(`${part({ alg: 'none' })}.${part(claims())}.`)).rejects.toThrow(
      Unauthenticated,
    );
    const secret = await generateSecret('HS256');
    const shared = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    await expect(verifier.verify(shared)).rejects.toThrow(Unauthenticated);
  });

  it('by an algorithm that is not on the list is none', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES512', { extractable: true });
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] };
    const token = await signed(claims(), { ...(await exportJWK(privateKey)), kid: 'one' }, 'ES512');
    await expect(new TokenVerifier({ ...settings, keys }).verify(token)).rejects.toThrow(Unauthenticated);
    const allowing = { ...settings, algorithms: ['ES512'], keys };
    expect((await new TokenVerifier(allowing).verify(token)).actor.subject).toBe('joe');
  });

  it.each(['', 'x', 'a.b.c', '..', '{}'])('cannot be %j', async (text) => {
    await expect(verifier.verify(text)).rejects.toThrow(Unauthenticated);
  });
});

describe('the keys of the issuer', () => {
  let server: Server;
  let asked: number;
  let published: JWK[];
  let remote: TokenVerifier;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      asked += 1;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: published }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());
  beforeEach(() => {
    [asked, published] = [0, publicKeys(key).keys];
    remote = new TokenVerifier({ ...settings, keys: urlOf(server) });
  });
  const urlOf = (of: Server) => new URL(`http://127.0.0.1:${(of.address() as AddressInfo).port}/jwks`);

  it('are fetched once, and not again for each token with a key that is not known', async () => {
    await remote.verify(await signed(claims()));
    const unknown = await newSigningKey('two');
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(remote.verify(await signed(claims(), unknown))).rejects.toThrow(Unauthenticated);
    expect(asked).toBe(1);
  });

  it('that cannot be fetched refuse nobody: it may be tried again', async () => {
    const nowhere = new TokenVerifier({ ...settings, keys: new URL('http://127.0.0.1:1/jwks') });
    await expect(nowhere.verify(await signed(claims()))).rejects.toThrow(KeysUnavailable);
  });
});
