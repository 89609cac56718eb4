/**
 * Deliberate faults. Each is a change to one file of the product's sources, made to a copy of it, so that what is
 * shipped has no switch for any of them: the simulator has to find every one.
 */
export interface Mutant {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Stands in the file once: a change that no longer applies is an error. */
  readonly find: string;
  readonly replace: string;
  /** It takes thousands of runs to find. */
  readonly isRare?: true;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'checkpoint before the work',
    file: 'process-managers/watermark.ts',
    find: 'return this.#lowest?.before ?? this.#seen;',
    replace: 'return this.#seen;',
  },
  {
    name: 'acknowledged before the commit',
    file: 'shared-events/transport/consumer.ts',
    find: 'const settled = await this.#handle(source, message);',
    replace: 'const settled = true; void this.#handle(source, message);',
  },
  {
    name: 'a command is not waited for',
    file: 'command-side/command-consumer.ts',
    find: 'const refusal = await this.carryOut(message, command);',
    replace: 'const refusal = undefined; void this.carryOut(message, command).catch(() => undefined);',
  },
  {
    name: 'no deduplication',
    file: 'process-managers/order-process/order-process.ts',
    find: 'if (!concerns(event) || BigInt(data.position) <= BigInt(process.heard)) return process;',
    replace: 'if (!concerns(event)) return process;',
  },
  {
    name: 'random event ids',
    file: 'shared-events/contracts/ids.ts',
    find: 'uuidV5(String(index), commandId)',
    replace: 'uuidV5(String(index + Math.random()), commandId)',
  },
  {
    name: 'any revision is expected',
    file: 'shared-events/transport/append-gateway.ts',
    find: 'expectedRevision: expected,',
    replace: "expectedRevision: 'any',",
  },
  {
    name: 'an answer from what is cached',
    file: 'command-side/decider.ts',
    find: '} else if (proved) {',
    replace: '} else {',
  },
  {
    name: 'not mandatory',
    file: 'process-managers/commands.ts',
    find: 'mandatory: true,',
    replace: 'mandatory: false,',
  },
  {
    name: 'an outage uses up attempts',
    file: 'command-side/command-consumer.ts',
    find: 'if (isOutage(error)) throw new Pause(`${type} has to wait`, { cause: error });',
    replace: '',
    isRare: true,
  },
  {
    name: 'no deadline',
    file: 'process-managers/order-process/deadlines.ts',
    find: 'if (process.intervention || process.paused) return undefined;',
    replace: 'if (process.generation > 0) return undefined;',
  },
  {
    name: 'nothing is sent again',
    file: 'process-managers/order-process/timers.ts',
    find: 'due.map(({ command, origin }) => this.options.send(command, origin)),',
    replace:
      'due.map(({ command, origin }) => (origin ? Promise.resolve() : this.options.send(command, origin))),',
  },
  {
    name: 'an order is refused for a price that nobody named',
    file: 'command-side/order/order.ts',
    find: 'expectedTotal !== undefined && expectedTotal !== total',
    replace: 'expectedTotal !== total',
  },
  {
    name: 'answered before it is recorded',
    file: 'command-side/decider.ts',
    find: "const result = await this.effects.append(stream, folded.revision ?? 'no_stream', decided.events);",
    replace: `this.#answer(jobs, decided, folded);
        const result = await this.effects.append(stream, folded.revision ?? 'no_stream', decided.events);`,
  },
  {
    name: 'a refund is answered, and not recorded',
    file: 'command-side/payment/refund.ts',
    find: "if (known && known.status !== 'failed') return NOTHING_NEW;",
    replace: "if (known?.status !== 'failed') return NOTHING_NEW;",
  },
  {
    name: 'a cancellation is answered, and not recorded',
    file: 'command-side/order/order.ts',
    find: ": [{ type: 'OrderCancellationRequested', data: { orderId: state.orderId, reason } }];",
    replace: ': NOTHING_NEW;',
  },
  {
    name: 'the key of a receipt is forgotten',
    file: 'command-side/stock/stock.state.ts',
    find: 'receipts: state.receipts.with(receiptId, quantity),',
    replace: 'receipts: state.receipts,',
  },
  {
    name: 'that a product is missing is believed of a read that began before',
    file: 'command-side/stock/stock.handler.ts',
    find: ' || this.#wasRegistered(sku, 0)',
    replace: '',
  },
  {
    name: 'a deadline counts before everything was heard',
    file: 'process-managers/order-process/timers.ts',
    find: `heardUpTo < since) continue;
      this.#due.delete(orderId);`,
    replace: `heardUpTo < 0 * since) continue;
      this.#due.delete(orderId);`,
  },
  {
    name: 'a deadline is by the clock of whoever heard',
    file: 'process-managers/order-process/process-row.ts',
    find: 'later(instant, logAheadMs);',
    replace: 'later(instant, 0 * logAheadMs);',
  },
  {
    name: 'a deadline is judged by what is cached',
    file: 'process-managers/process.ts',
    find: "if (turns.some(({ kind }) => kind === 'deadline')) this.processes.forget(orderId);",
    replace: '',
    isRare: true,
  },
  {
    name: 'what comes of an earlier hold ends this one',
    file: 'process-managers/order-process/hearing.ts',
    find: 'return partition?.token === token ? partition : undefined;',
    replace: 'return token ? partition : undefined;',
    isRare: true,
  },
  {
    name: 'a key of its own for every call',
    file: 'command-side/payment/owed-calls.ts',
    find: "): string => [paymentId, operation, ...(refundId === undefined ? [] : [refundId]), attempt].join(':');",
    replace:
      "): string => [paymentId, operation, ...(refundId === undefined ? [] : [refundId]), attempt + Math.floor(Math.random() * 1e6)].join(':');",
  },
  {
    name: 'the question what became of a call has no end',
    file: 'command-side/payment/guarded-provider.ts',
    find: "return await this.#pass('find', () => this.provider.find(key));",
    replace: 'return await this.provider.find(key);',
  },
  {
    name: 'a void is forgotten with a decline',
    file: 'command-side/payment/payment.state.ts',
    find: "return { ...terms, status: 'declined', ...voidingOf(state) };",
    replace: "return { ...terms, status: 'declined' };",
  },
  {
    name: 'a late success is dropped',
    file: 'process-managers/order-process/news.ts',
    find: 'const payment = hearPayment(process.payment, event, at, rulesOf(process.definition));',
    replace: `if (process.undo && /^Payment(Authorized|Captured)$/.test(event.type)) return process;
  const payment = hearPayment(process.payment, event, at, rulesOf(process.definition));`,
  },
  {
    name: 'a refund counts twice',
    file: 'process-managers/order-process/payment-leg.ts',
    find: '.reduce((left, { amount }) => left - amount, captured);',
    replace: '.reduce((left, { amount }) => left - 2 * amount, captured);',
  },
  {
    name: 'a failure does not raise the attempt',
    file: 'process-managers/order-process/payment-leg.ts',
    find: 'const next = { number: attempt + 1, notBefore: pauseAfter(operation, attempt, at) };',
    replace: 'const next = { number: attempt, notBefore: pauseAfter(operation, attempt, at) };',
  },
  {
    name: 'the release is forgotten',
    file: 'process-managers/order-process/pending.ts',
    find: "...toStock(process, 'ReleaseReservation', needsRelease),",
    replace: '',
  },
  {
    name: 'a decline that is heard late is final',
    file: 'process-managers/order-process/rules.ts',
    find: "3: { afterDecline: 'wait for the deadline',",
    replace: "3: { afterDecline: 'wait while there is time',",
    isRare: true,
  },
  {
    name: 'an expired reservation is given up',
    file: 'process-managers/order-process/stock-leg.ts',
    find: 'const MOST_GENERATIONS = 2;',
    replace: 'const MOST_GENERATIONS = 1;',
  },
  {
    name: 'stock that was asked for is not released',
    file: 'process-managers/order-process/stock-leg.ts',
    find: "status === 'asked' || status === 'active' || status === 'confirmed';",
    replace: "status === 'active' || status === 'confirmed';",
  },
  {
    name: 'called off before all is undone',
    file: 'process-managers/order-process/pending.ts',
    find: 'return nothingIsHeld(process) ? [verdict(process)] : undoing(process);',
    replace: 'return [...undoing(process), verdict(process)];',
  },
  {
    name: 'what an operator has undone is not marked first',
    file: 'process-managers/order-process/pending.ts',
    find: 'if (process.decided && !process.cancellationRequested) return [mark(process)];',
    replace:
      'if (process.decided && !process.cancellationRequested) return [...undoing(process), mark(process)];',
    isRare: true,
  },
  {
    name: 'a repeated request of an operator is another one',
    file: 'process-managers/process-actions.ts',
    find: 'if (event.metadata.commandId === commandId) earlier = planOf(event, tracked);',
    replace: '',
  },
  {
    name: 'reserved stock counts as available',
    file: 'command-side/stock/stock.state.ts',
    find: 'state.onHand - state.reserved;',
    replace: 'state.onHand;',
  },
  {
    name: 'what the books tell is said, and not recorded',
    file: 'command-side/payment/discrepancy.ts',
    find: '...(isRepaired ? repairs : []),',
    replace: '',
  },
  {
    name: 'what is under way at the provider is a difference',
    file: 'command-side/payment/reconciliation.ts',
    find: 'entries.some(({ ageMs }) => ageMs < graceMs);',
    replace: 'entries.some(({ ageMs }) => ageMs < 0 * graceMs);',
  },
  {
    name: 'the bookmark goes past what was not compared',
    file: 'command-side/payment/reconciler.ts',
    find: 'await comparison.compare(new Set([...payments.revisions.keys(), ...changed]), payments.revisions);',
    replace: '',
  },
];
