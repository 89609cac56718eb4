import { createHmac, timingSafeEqual } from 'node:crypto';

/** `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`, with a v1 for each secret while they are changed. */
export const SIGNATURE_HEADER = 'webhook-signature';

/** Seconds by which the two clocks may differ, either way: a request that was captured is worth nothing after that. */
export const TOLERANCE_S = 300;

/** More than anybody changes at once: what a header can make us compute is bounded. */
const MOST_SIGNATURES = 8;
const LONGEST_HEADER = 1_000;

export type Verdict = 'authentic' | 'malformed' | 'forged' | 'untimely';

interface Signature {
  /** As it stands in the header: that text was signed. */
  readonly time: string;
  readonly digests: readonly Buffer[];
}

/** The header for a body that is sent at `seconds` (Unix time), signed with each of the secrets. */
export function signatureOf(body: string | Buffer, secrets: readonly string[], seconds: number): string {
  const time = String(Math.floor(seconds));
  const digests = secrets.map((secret) => `v1=${digestOf(time, body, secret).toString('hex')}`);
  return [`t=${time}`, ...digests].join(',');
}

/**
 * Whether the body comes from somebody who knows one of the secrets, now. Of the time nothing is told to those who do
 * not. @param seconds Unix time
 */
export function verdictOn(
  header: string | undefined,
  body: Buffer,
  secrets: readonly string[],
  seconds: number,
): Verdict {
  const signature = parse(header);
  if (!signature) return 'malformed';
  const { time, digests } = signature;
  const expected = secrets.map((secret) => digestOf(time, body, secret));
  // All of them, whichever matches: how long it takes tells nothing.
  const matches = expected.flatMap((digest) => digests.map((given) => timingSafeEqual(digest, given)));
  if (!matches.includes(true)) return 'forged';
  return Math.abs(seconds - Number(time)) <= TOLERANCE_S ? 'authentic' : 'untimely';
}

const digestOf = (time: string, body: string | Buffer, secret: string): Buffer =>
  createHmac('sha256', secret).update(`${time}.`).update(body).digest();

/** One t and some v1; schemes that are not known here are passed over, so that a provider can bring in a new one. */
function parse(header = ''): Signature | undefined {
  if (header.length > LONGEST_HEADER) return undefined;
  const parts = header.split(',').map((part) => part.trim());
  if (!parts.every((part) => /^[a-z][a-z0-9]*=[^=\s]+$/.test(part))) return undefined;
  const valuesOf = (name: string) =>
    parts.filter((part) => part.startsWith(`${name}=`)).map((part) => part.slice(name.length + 1));
  const [time, ...otherTimes] = valuesOf('t');
  const digests = valuesOf('v1');
  if (time === undefined || otherTimes.length > 0 || !/^[1-9]\d{0,11}$/.test(time)) return undefined;
  if (digests.length === 0 || digests.length > MOST_SIGNATURES) return undefined;
  if (!digests.every((digest) => /^[0-9a-f]{64}$/i.test(digest))) return undefined;
  return { time, digests: digests.map((digest) => Buffer.from(digest, 'hex')) };
}
