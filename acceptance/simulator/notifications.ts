import { signatureOf } from '@orders/command-side/payment/webhook-signature.js';
import type { Asking } from './asking.js';
import { type CommandSideInstance, WEBHOOK_SECRET } from './command-side.js';
import type { Faults } from './faults.js';
import type { LedgerEntry } from './ledger.js';
import { outcomeOf } from './provider.js';
import type { World } from './world.js';

/**
 * What the provider tells by itself, signed: before its answer or after, late, twice or never. Whoever takes a
 * notification has heard of it for good; until then it is told again.
 */
export class Notifications {
  constructor(
    private readonly world: World,
    private readonly faults: Faults,
    private readonly asking: Asking,
  ) {}

  readonly tell = (entry: LedgerEntry): void => {
    const { key, orderId } = entry.call;
    const name = this.world.names.ofKey(key);
    const { mishap, there, back } = this.faults.at('notify', name);
    if (mishap === 'forgotten') return;
    const outcome = outcomeOf(entry);
    const body = { id: `${key}:${entry.outcome}`, key, orderId, outcome };
    const put = (side: CommandSideInstance) => received(side, body);
    for (const delay of mishap === 'duplicated' ? [there, there * back] : [mishap === 'late' ? back : there])
      this.world.clock.in(delay, undefined, () =>
        this.asking.ask(`the provider notifies of ${name}: ${outcome.kind}`, put),
      );
  };
}

/** Resolves with the status of the answer. */
async function received({ webhooks }: CommandSideInstance, body: object): Promise<string> {
  const rawBody = Buffer.from(JSON.stringify(body));
  const signature = signatureOf(rawBody, [WEBHOOK_SECRET], Date.now() / 1_000);
  let answer = 0;
  await webhooks.receive({ rawBody, body }, signature, {
    status: (code: number) => (answer = code),
  });
  return String(answer);
}
