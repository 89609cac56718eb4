import { z } from 'zod';
import type { LogSink } from '../../transport/observability.js';
import { oneLine } from '../../transport/one-line.js';
import { ConfigurationError } from '../../transport/configuration.js';
import { ApiKeys } from './api-keys.js';
import { Authenticator } from './authenticator.js';
import { Callers } from './callers.js';
import { TokenVerifier, algorithms } from './token-verifier.js';

/** Public keys only: whoever has a private one can be anybody. */
const PublicKey = z
  .looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']) })
  .refine((key) => !('d' in key), { error: 'is private' });

const keySet = z.string().transform((text, context) => {
  try {
    return z.object({ keys: z.array(PublicKey).min(1) }).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a JSON Web Key Set of public keys' });
    return z.NEVER;
  }
});

const listOf = <const Word extends string>(words: readonly Word[]) =>
  z
    .string()
    .transform((text) => text.split(','))
    .refine((listed): listed is Word[] => listed.every((word) => words.some((known) => known === word)), {
      error: `must be some of ${words.join(', ')}, separated by commas`,
    });

/** Whom to believe about who asks. */
export const accessSettings = {
  /** Of people's tokens: `iss`. */
  AUTH_ISSUER: z
    .string({ error: 'is required: who issues the tokens of those who ask, e.g. https://id.example' })
    .min(1),
  /** `aud`. */
  AUTH_AUDIENCE: z.string().min(1).default('orders'),
  /** Where the issuer publishes its keys. */
  AUTH_JWKS_URL: z
    .url({ protocol: /^https?$/, error: 'must be a URL like https://id.example/jwks' })
    .optional(),
  /** The keys themselves, in its place. */
  AUTH_JWKS: keySet.optional(),
  AUTH_ALGORITHMS: listOf(algorithms).default([...algorithms]),
  /** Where roles stand in a token, e.g. `realm_access.roles`. */
  AUTH_ROLES_CLAIM: z.string().min(1).default('roles'),
  /** Keys of services; see `npm run access -- --help`. */
  API_KEYS_FILE: z.string().optional(),
};
export type AccessSettings = z.infer<z.ZodObject<typeof accessSettings>>;

/** For `superRefine` of a schema that holds the settings. */
export function refuseAccessConflicts(
  { AUTH_JWKS, AUTH_JWKS_URL }: AccessSettings,
  context: z.RefinementCtx,
): void {
  if ((AUTH_JWKS === undefined) !== (AUTH_JWKS_URL === undefined)) return;
  const message = 'or AUTH_JWKS is required, and not both: the keys of who issues the tokens';
  context.addIssue({ code: 'custom', path: ['AUTH_JWKS_URL'], message });
}

/** Who asks, by these settings. Throws ConfigurationError where the API keys cannot be read. */
export function callersOf(settings: AccessSettings, logger: LogSink): Callers {
  const { AUTH_JWKS, AUTH_JWKS_URL } = settings;
  const tokens = new TokenVerifier({
    issuer: settings.AUTH_ISSUER,
    audience: settings.AUTH_AUDIENCE,
    algorithms: settings.AUTH_ALGORITHMS,
    rolesClaim: settings.AUTH_ROLES_CLAIM,
    keys: AUTH_JWKS ?? new URL(AUTH_JWKS_URL ?? ''),
  });
  return new Callers(new Authenticator(tokens, apiKeysOf(settings.API_KEYS_FILE, logger)));
}

/** Without the path, which whoever is told it has set. */
const whyNot = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : oneLine(error);

function apiKeysOf(file: string | undefined, logger: LogSink): ApiKeys {
  try {
    return new ApiKeys(file, logger);
  } catch (error) {
    throw new ConfigurationError(`API_KEYS_FILE cannot be used: ${whyNot(error)}`);
  }
}
