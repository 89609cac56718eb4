import { Slots } from '@orders/shared-events/transport/slots.js';

/**
 * Publishes one message after the other, up to `inFlight` of them under way at once. After the first failure, and once the
 * signal has aborted, it takes no more. It settles when nothing is under way any more: whoever tries again begins beside
 * nothing. Throws the first failure, and what the source of the messages throws only where everything before that went out.
 * After an abort the rest has not gone out, and it throws nothing for that: callers look at the signal.
 */
export async function publishInOrder<Message>(
  messages: Iterable<Message> | AsyncIterable<Message>,
  publish: (message: Message) => Promise<void>,
  inFlight: number,
  signal: AbortSignal,
): Promise<void> {
  const slots = new Slots(inFlight);
  const underWay: Promise<void>[] = [];
  const failures: unknown[] = [];
  const publishOne = async (message: Message): Promise<void> => {
    try {
      await publish(message);
    } catch (error) {
      failures.push(error);
    } finally {
      slots.give();
    }
  };
  const publishAll = async (): Promise<void> => {
    for await (const message of messages) {
      await slots.take();
      if (failures.length > 0 || signal.aborted) return;
      underWay.push(publishOne(message));
    }
  };
  await publishAll().finally(async () => {
    await Promise.all(underWay);
    for (const failure of failures) throw failure;
  });
}
