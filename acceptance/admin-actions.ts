import { authorizationAt } from './client.js';
import type { System } from './system.js';

/** What an action of the admin API answers, or a command of `npm run orders` that does it. */
export interface ActionAnswer {
  readonly outcome: 'planned' | 'done' | 'repeated';
  readonly appended: readonly {
    readonly stream: string;
    readonly type: string;
    readonly reason: string;
    readonly data: Readonly<Record<string, unknown>>;
  }[];
  readonly sent: readonly object[];
  readonly replayId?: string;
  readonly planned?: { readonly messages: Readonly<Record<string, number>> };
}

export interface HowToAct {
  readonly key: string;
  readonly reason: string;
  readonly ifMatch?: string;
  readonly dryRun?: boolean;
  /** Beside the reason. */
  readonly body?: object;
}

/** An action that must succeed. */
export async function act(
  { admin }: System,
  path: string,
  { key, reason, ifMatch = '*', dryRun = false, body }: HowToAct,
): Promise<ActionAnswer> {
  const response = await fetch(`${admin}${path}?dryRun=${dryRun}`, {
    method: 'POST',
    headers: {
      ...authorizationAt(admin),
      'content-type': 'application/json',
      'idempotency-key': key,
      'if-match': ifMatch,
    },
    body: JSON.stringify({ reason, ...body }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as ActionAnswer;
}

/** What was appended and sent, or would be, but for the moment at which it was. */
export const deedsOf = ({ appended, sent }: ActionAnswer): unknown =>
  JSON.parse(JSON.stringify({ appended, sent }).replaceAll(INSTANT, 'a moment'));

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g;
