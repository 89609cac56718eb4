import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { Request } from './admin-client.js';
import { ActionResult, resultText } from './action.texts.js';
import { decoded } from './api-answer.js';
import { demandSure } from './confirmation.js';
import { tell } from './listing.js';
import type { Given } from './verb.js';
import type { World } from './world.js';
import type { actionOptions, seenOptions, sureOptions } from './options.js';

export interface Action {
  /** Of the admin API. */
  readonly path: string;
  /** Beside the reason. */
  readonly body?: object;
  /** What it is done to, which is looked at before. */
  readonly subject?: Subject;
  /** Where it cannot be taken back: what is asked. */
  readonly question?: string;
  /** What of the planned event has to be said with it, so that what was looked at is what is done. */
  readonly asPlanned?: (data: unknown) => object;
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
  let body: object = { ...action.body, reason: how.reason };
  const ask = (asked: Pick<Request, 'dryRun'>) => admin.act({ path, key, ifMatch, body, ...asked });
  if (question !== undefined && !how.dryRun) {
    const plan = async () => {
      const planned = decoded(ActionResult, await ask({ dryRun: true }));
      body = { ...body, ...action.asPlanned?.(planned.appended[0]?.data) };
      return resultText(planned, terminal);
    };
    await demandSure({ question, plan, isSure: how.yes ?? false }, terminal);
  }
  const answer = await ask({ dryRun: how.dryRun });
  const text = (result: z.infer<typeof ActionResult>) => resultText(result, terminal);
  return tell(answer, how, { schema: ActionResult, text }, world);
}

/** Its ETag, so that it is acted on what was shown. A weak one (RFC 9110) is no state that can be asked for. */
async function seen({ path, text }: Subject, { admin, terminal }: World): Promise<string> {
  const { body, etag } = await admin.get(path);
  terminal.note(text(body));
  return etag === null || etag.startsWith('W/') ? '*' : etag;
}
