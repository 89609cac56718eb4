import { describe, expect, it } from '@jest/globals';
import type { DomainEvent } from '@orders/shared-events/contracts/catalogue.js';
import type { OutstandingCommand } from '../order-process/outstanding.js';
import { UnknownDefinition } from '../order-process/rules.js';
import { heard, started } from '../own-events.js';
import { fromLog } from '../testing/memory-log.js';
import { START, anOrder } from '../testing/order-story.js';
import { type OwnEvent, type Tracked, outstandingOf, track } from '../tracked.js';
import { rehearse } from './rehearsal.js';

const order = anOrder();

/** What a process of that definition has recorded of these events. */
function recorded(definition: number, ...events: readonly DomainEvent[]): OwnEvent[] {
  const log = events.map((event, index) => fromLog(event, BigInt(index + 1)));
  const begun = started(order.orderId, log[0]!, START);
  const own = [
    { ...begun, event: { ...begun.event, data: { orderId: order.orderId, definition } } } as OwnEvent,
  ];
  let tracked: Tracked = track(undefined, own[0]!);
  for (const event of log) {
    const next = heard(order.orderId, event, tracked, START);
    tracked = track(tracked, next);
    own.push(next);
  }
  return own;
}

/** As a rehearsal names it: two that differ in anything that is sent are two. */
const asked = ({ command, stream, commandId }: OutstandingCommand): string =>
  `${command.type} ${stream} ${commandId} ${JSON.stringify(command.data)}`;

describe('a rehearsal', () => {
  it('finds nothing where the candidate decides the same', () => {
    const events = recorded(1, order.placed, order.captured, order.reserved(), order.outOfStock());
    expect(rehearse(events, 2)).toBeUndefined();
    expect(rehearse(events, 1)).toBeUndefined();
  });

  it('finds the first event at which the candidate decides otherwise, and where that has led to', () => {
    const events = recorded(1, order.placed, order.actionRequired(), order.declined);
    const [rejection] = outstandingOf(
      events.reduce<Tracked | undefined>((tracked, own) => track(tracked, own), undefined),
    );
    expect(rehearse(events, 2)).toMatchObject({
      orderId: order.orderId,
      definition: 1,
      candidate: 2,
      at: { revision: '3', heard: 'PaymentDeclined', occurredAt: START },
      then: {
        decided: {
          stage: 'compensation',
          undo: 'PAYMENT_DECLINED',
          asksFor: [asked(rejection!)],
        },
        candidate: { stage: 'customerAction', undo: null, asksFor: [] },
      },
      now: { decided: { stage: 'compensation' }, candidate: { stage: 'customerAction' } },
    });
  });

  it('finds where definition 3 waits and definition 2 did not', () => {
    const events = recorded(2, order.placed, order.actionRequired(START), order.declined);
    expect(rehearse(events, 3)).toMatchObject({
      at: { heard: 'PaymentDeclined' },
      then: { decided: { stage: 'compensation' }, candidate: { stage: 'customerAction', undo: null } },
    });
  });

  it('tells of a difference that was made up for since', () => {
    const rejected = order.rejected('PAYMENT_DECLINED');
    const events = recorded(
      1,
      order.placed,
      order.actionRequired(),
      order.declined,
      order.requestedAgain,
      rejected,
    );
    const found = rehearse(events, 2);
    expect(found?.at.heard).toBe('PaymentDeclined');
    expect(found?.now.decided.stage).toBe('done');
  });

  it('says nothing of a process that has heard nothing yet', () =>
    expect(rehearse([recorded(1, order.placed)[0]!], 2)).toBeUndefined());

  it('knows only the definitions of this build', () =>
    expect(() => rehearse(recorded(1, order.placed), 99)).toThrow(UnknownDefinition));
});
