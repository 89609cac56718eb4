import { z } from 'zod';
import { nodeUrls } from './node-urls.js';

/** In production a process refuses what is fit for one machine only. */
export const environment = {
  NODE_ENV: z
    .enum(['production', 'development', 'test'], { error: 'must be production, development or test' })
    .default('development'),
  /** `allowed` where the network between the sides and their back ends is nobody else's. */
  PLAINTEXT_BACK_ENDS: z
    .enum(['allowed', 'refused'], { error: 'must be allowed or refused' })
    .default('refused'),
};

/** What is looked at, as far as a process has it. */
interface Settings extends z.infer<z.ZodObject<typeof environment>> {
  readonly EVENTSTORE_URL?: string;
  readonly RABBITMQ_URL?: string;
  readonly DATABASE_URL?: string;
  readonly AUTH_ISSUER?: string;
  readonly GRAPHIQL_TOKEN?: string | undefined;
}

/** Of `npm start`, which signs tokens with a key of its own: nobody else is to be believed by that name. */
export const LOCAL_ISSUER = 'urn:orders:local';

/** For `superRefine` of a process's schema. */
export function refuseInProduction(settings: Settings, context: z.RefinementCtx): void {
  if (settings.NODE_ENV !== 'production') return;
  const refuse = (variable: keyof Settings, message: string) =>
    context.addIssue({ code: 'custom', path: [variable], message });
  if (settings.AUTH_ISSUER === LOCAL_ISSUER)
    refuse('AUTH_ISSUER', 'is that of npm start, which is for one machine: name your identity provider');
  if (settings.GRAPHIQL_TOKEN !== undefined)
    refuse('GRAPHIQL_TOKEN', 'is for one machine: everybody who gets at the page would have it');
  if (settings.PLAINTEXT_BACK_ENDS === 'allowed') return;
  for (const [variable, isSecured] of Object.entries(SECURED)) {
    const url = settings[variable as keyof typeof SECURED];
    if (url !== undefined && !isSecured(url))
      refuse(
        variable as keyof Settings,
        'is without TLS that is checked; PLAINTEXT_BACK_ENDS=allowed is for a network of your own',
      );
  }
}

const parameter = (url: string, name: string): string | undefined =>
  new URLSearchParams(url.split('?')[1]).get(name)?.toLowerCase() ?? undefined;

/** With a certificate that is checked. */
const SECURED = {
  EVENTSTORE_URL: (url: string) =>
    parameter(url, 'tls') !== 'false' && parameter(url, 'tlsVerifyCert') !== 'false',
  RABBITMQ_URL: (url: string) => nodeUrls(url).every((node) => node.startsWith('amqps://')),
  DATABASE_URL: (url: string) =>
    ['verify-full', 'verify-ca', 'require'].includes(parameter(url, 'sslmode') ?? ''),
};
