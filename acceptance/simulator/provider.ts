import type { ProviderCall } from '@orders/command-side/payment/owed-calls.js';
import {
  type PaymentProvider,
  type ProviderOutcome,
  ProviderUnavailable,
} from '@orders/command-side/payment/provider.js';
import type { Clock } from './clock.js';
import type { Passage } from './faults.js';
import type { Intended, Ledger, LedgerEntry } from './ledger.js';
import type { Life, Network } from './life.js';
import { type Asking, type Behaviour, MOST_REFUSALS, natureOf } from './natures.js';

export const notReached = (): Error => new ProviderUnavailable('the provider is not reached');

export interface ProviderParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly network: Network;
  /** How a key is called where what happens to it is named. */
  readonly nameOf: (key: string) => string;
  readonly onCall: (entry: LedgerEntry) => void;
}

/** The payment provider as one process reaches it. Its books are its own and outlive every process. */
export class RemoteProvider implements PaymentProvider {
  constructor(
    private readonly parts: ProviderParts,
    private readonly life: Life,
  ) {}

  authorize = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform(call);
  charge = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform(call);
  capture = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform(call);
  void = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform(call);
  refund = (call: ProviderCall): Promise<ProviderOutcome> => this.#perform(call);

  find(key: string): Promise<ProviderOutcome | undefined> {
    const { ledger, network, nameOf } = this.parts;
    const found = () => {
      const entry = ledger.find(key);
      return entry && entry.outcome !== 'lost' ? outcomeOf(entry) : undefined;
    };
    return network.request(this.life, 'find', nameOf(key), found, notReached);
  }

  #perform(call: ProviderCall): Promise<ProviderOutcome> {
    const { network, nameOf } = this.parts;
    const behaviour = natureOf(call);
    if (behaviour === 'silent') return new Promise(() => undefined);
    const perform = (passage: Passage<'provider'>) => this.#performed(call, passage, behaviour);
    return network.request(this.life, 'provider', nameOf(call.key), perform, notReached);
  }

  #performed(
    call: ProviderCall,
    { mishap }: Passage<'provider'>,
    behaviour: Exclude<Behaviour, 'silent'>,
  ): ProviderOutcome {
    const before = this.parts.ledger.find(call.key)?.outcome ?? 'lost';
    const entry = this.parts.ledger.call(call, intended(call, mishap, behaviour, this.parts.clock.now));
    if (before === 'lost' && entry.outcome === 'action_required' && 'then' in behaviour)
      this.#letCustomerAct(call.key, behaviour);
    this.parts.onCall(entry);
    return mishap === 'unknown with effect' ? { kind: 'unknown' } : outcomeOf(entry);
  }

  #letCustomerAct(key: string, { withinMs, forMs, then }: Asking): void {
    const { clock, ledger } = this.parts;
    const overdue: Intended = { outcome: 'failed', code: 'action_expired' };
    clock.in(withinMs, undefined, () => ledger.act(key, overdue));
    if (then !== 'never') clock.in(forMs, undefined, () => ledger.act(key, then));
  }
}

function intended(
  call: ProviderCall,
  mishap: Passage<'provider'>['mishap'],
  behaviour: Exclude<Behaviour, 'silent'>,
  now: number,
): Intended {
  if (mishap === 'unknown without effect') return { outcome: 'lost' };
  if (mishap === 'refused' && call.attempt <= MOST_REFUSALS)
    return { outcome: 'failed', code: 'processing_error' };
  if (!('then' in behaviour)) return behaviour;
  return {
    outcome: 'action_required',
    actionExpiresAt: new Date(now + behaviour.withinMs).toISOString(),
  };
}

/** How an entry of the books reads as an answer, or as a notification. */
export function outcomeOf(entry: LedgerEntry): ProviderOutcome {
  const { call, outcome, code, reference, actionExpiresAt } = entry;
  if (outcome === 'expired') return { kind: 'expired' };
  if (outcome === 'lost') return { kind: 'unknown' };
  if (outcome === 'action_required') {
    const url = `https://provider.example/${call.key}`;
    return { kind: 'action-required', url, expiresAt: actionExpiresAt ?? '' };
  }
  if (reference !== undefined)
    return { kind: outcome === 'succeeded' ? 'succeeded' : 'already-captured', reference };
  return { kind: 'failed', code: code ?? 'unknown' };
}
