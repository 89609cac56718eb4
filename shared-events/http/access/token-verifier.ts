import {
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
} from 'jose';
import { Actor } from '../../contracts/envelope.js';
import { CustomerId } from '../../contracts/ids.js';
import { type Principal, type Role, isStaff, roles } from './principal.js';
import { KeysUnavailable, Unauthenticated } from './refusals.js';

/** Signatures with a public key. What is signed with a shared secret, or not at all, is no proof here. */
export const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'] as const;

export interface TokenSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** Where the roles stand in a token, e.g. `realm_access.roles`. */
  readonly rolesClaim: string;
  /** The issuer's keys, or where it publishes them. */
  readonly keys: JSONWebKeySet | URL;
}

/** Clocks differ by that much. */
const SKEW_S = 5;
/** A token with a key that is not known has the keys fetched, and none so soon after it. */
const COOLDOWN_MS = 30_000;
const KEYS_AGE_MS = 600_000;
const KEYS_TIMEOUT_MS = 5_000;

/** Proves tokens of one identity provider (RFC 7519, RFC 8725). */
export class TokenVerifier {
  readonly #keys: JWTVerifyGetKey;

  constructor(private readonly settings: TokenSettings) {
    this.#keys = keySetOf(settings.keys);
  }

  /** Throws Unauthenticated, or KeysUnavailable. */
  async verify(token: string): Promise<Principal> {
    const { issuer, audience } = this.settings;
    const how = { issuer, audience, algorithms: [...this.settings.algorithms], clockTolerance: SKEW_S };
    try {
      const { payload } = await jwtVerify(token, this.#keys, { ...how, requiredClaims: ['sub', 'exp'] });
      return this.#principalOf(payload);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  #principalOf(payload: JWTPayload): Principal {
    const found = rolesIn(payload, this.settings.rolesClaim);
    const runsTheShop = isStaff(found);
    const actor = { kind: runsTheShop ? 'operator' : 'customer', subject: payload.sub } as const;
    const isSubject = runsTheShop ? Actor.safeParse(actor) : CustomerId.safeParse(payload.sub);
    if (!isSubject.success) throw new Unauthenticated('the subject of the token is none that can be kept');
    const expiresAt = ((payload.exp ?? 0) + SKEW_S) * 1_000;
    return { actor: Actor.parse(actor), roles: found, scopes: [], expiresAt };
  }
}

function keySetOf(keys: TokenSettings['keys']): JWTVerifyGetKey {
  if (!(keys instanceof URL)) return createLocalJWKSet(keys);
  return createRemoteJWKSet(keys, {
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: KEYS_AGE_MS,
    timeoutDuration: KEYS_TIMEOUT_MS,
  });
}

/** A list, or words in one text; what is no role of ours says nothing here. */
function rolesIn(payload: JWTPayload, claim: string): readonly Role[] {
  const value = claim.split('.').reduce<unknown>(fieldOf, payload);
  const words = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return roles.filter((role) => words.includes(role));
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** What the caller is told: whether it is over, and otherwise only that it is no proof. */
function refusalOf(error: unknown): Error {
  if (error instanceof Unauthenticated) return error;
  if (error instanceof errors.JWTExpired) return new Unauthenticated('the token has expired');
  if (isNoProof(error)) return new Unauthenticated('the token is none of the issuer for this audience');
  return new KeysUnavailable('the keys of the token issuer cannot be had', { cause: error });
}

const isNoProof = (error: unknown): boolean =>
  error instanceof errors.JWTClaimValidationFailed ||
  error instanceof errors.JWTInvalid ||
  error instanceof errors.JWSInvalid ||
  error instanceof errors.JWSSignatureVerificationFailed ||
  error instanceof errors.JOSEAlgNotAllowed ||
  error instanceof errors.JOSENotSupported ||
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys;
