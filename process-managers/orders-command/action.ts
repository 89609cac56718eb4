import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Request } from './admin-client.js';
import { decoded } from './api-answer.js';
import { demandSure } from './confirmation.js';
import { tell } from './listing.js';
import { table } from './table.js';
import type { Given } from './verb.js';
import type { World } from './world.js';
import type { actionOptions, seenOptions, sureOptions } from './options.js';

/** What is shown of what an action came to, or would. */
const Result = z.object({
  outcome: z.enum(['planned', 'done', 'repeated']),
  appended: z.array(z.object({ stream: z.string(), revision: z.string(), type: z.string() })),
  sent: z.array(
    z.object({
      type: z.string().nullish(),
      stream: z.string().nullish(),
      deadLetterId: z.string().nullish(),
      routingKey: z.string(),
    }),
  ),
});
type Result = z.infer<typeof Result>;

export interface Action {
  /** Of the admin API. */
  readonly path: string;
  /** Beside the reason. */
  readonly body?: object;
  /** What it is done to, which is looked at before. */
  readonly subject?: Subject;
  /** Where it cannot be taken back: what is asked. */
  readonly question?: string;
}

export interface Subject {
  readonly path: string;
  /** In a line or two. */
  readonly text: (body: unknown) => string;
}

export type HowToAct = Given<typeof actionOptions> & Partial<Given<typeof seenOptions & typeof sureOptions>>;

/** Does it to the state that was shown, under a key that was told, once somebody is sure of it. */
export async function act(action: Action, how: HowToAct, world: World): Promise<number> {
  const { path, subject, question } = action;
  const { terminal, admin } = world;
  const ifMatch = how.ifMatch ?? (subject ? await seen(subject, world) : '*');
  const key = how.key ?? randomUUID();
  terminal.note(`Idempotency-Key: ${key}`);
  const body = { ...action.body, reason: how.reason };
  const ask = (asked: Pick<Request, 'dryRun'>) => admin.act({ path, key, ifMatch, body, ...asked });
  if (question !== undefined && !how.dryRun) {
    const plan = async () => resultText(decoded(Result, await ask({ dryRun: true })), world);
    await demandSure({ question, plan, isSure: how.yes ?? false }, terminal);
  }
  const answer = await ask({ dryRun: how.dryRun });
  return tell(answer, how, { schema: Result, text: (result) => resultText(result, world) }, world);
}

/** Its ETag, so that it is acted on what was shown. */
async function seen({ path, text }: Subject, { admin, terminal }: World): Promise<string> {
  const { body, etag } = await admin.get(path);
  terminal.note(text(body));
  return etag ?? '*';
}

const OUTCOMES = {
  planned: { appended: 'would append', sent: 'would send', nothing: 'nothing would be appended or sent' },
  done: { appended: 'appended', sent: 'sent', nothing: 'done' },
  repeated: { appended: 'was appended', sent: 'was sent', nothing: 'was done' },
} as const;

function resultText({ outcome, appended, sent }: Result, { terminal }: Pick<World, 'terminal'>): string {
  const words = OUTCOMES[outcome];
  const before = outcome === 'repeated' ? 'An earlier request under this key had done it.\n' : '';
  const rows = [
    ...appended.map(({ type, stream, revision }) => [words.appended, type, `${stream} at ${revision}`]),
    ...sent.map(({ type, stream, deadLetterId, routingKey }) => [
      words.sent,
      type ?? routingKey,
      stream ?? deadLetterId ?? '',
    ]),
  ];
  if (rows.length === 0) return `${before}${words.nothing}\n`;
  return before + table(rows, COLUMNS, terminal);
}

const COLUMNS = ['OUTCOME', 'WHAT', 'WHERE'].map((title, place) => ({
  title,
  cell: (row: readonly string[]) => row[place] ?? '',
}));
