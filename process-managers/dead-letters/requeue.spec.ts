import { expect, it } from '@jest/globals';
import { type KeptLetter, NotRequeueable, requeued } from './requeue.js';

const NOW = '2026-01-01T00:00:00.000Z';
/** An event that the outside was to be told of, and that could not be read. */
const letter: KeptLetter = {
  ...{
    id: 'letter-1',
    origin: 'not translated',
    queue: 'integration-events',
    messageKey: '4711',
    type: null,
  },
  ...{ headers: {}, content: Buffer.from('{}') },
};

it.each(['{}', 'no JSON', '{"id":"one","type":"OrderPlaced","stream":"order-1"}', '[]'])(
  'what was to be told and is edited to %s is refused, and not sent',
  (edited) => {
    expect(() => requeued(letter, Buffer.from(edited), NOW)).toThrow(NotRequeueable);
    expect(() => requeued(letter, Buffer.from(edited), NOW)).toThrow(
      /^its content is no event as one is kept: /,
    );
  },
);
