import type { Duplex } from 'node:stream';
import { isPromise } from 'node:util/types';
import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import { within } from './waiting.js';

/** The broker answers within milliseconds; one that takes this long is frozen, or on the other side of a broken link. */
const ANSWER_DEADLINE_MS = 5_000;
/** Whoever leaves waits less: others wait for its end. */
const LEAVE_DEADLINE_MS = 2_000;
const LEAVING: readonly PropertyKey[] = ['cancel', 'close'];

/** A channel says that it is full once it holds so many: by default more than are ever in flight. */
const BUFFERED_FRAMES = 64;

/** A channel on which whatever is asked of the broker has a deadline. Throws NoAnswer after it, and so do its calls. */
export const openChannel = async (model: ChannelModel): Promise<Channel> =>
  timely(await within(ANSWER_DEADLINE_MS, 'broker', model.createChannel()));

export const openConfirmChannel = (model: ChannelModel): Promise<ConfirmChannel> =>
  within(ANSWER_DEADLINE_MS, 'broker', model.createConfirmChannel({ highWaterMark: BUFFERED_FRAMES }));

/** Without waiting for the answer. One that is closed already is left as it is. */
export function leave(channel: Channel): void {
  channel.close().catch(() => undefined);
}

/** Ends a connection without a word: one that is frozen would not answer, and the driver would wait for it. */
export function cut(model: ChannelModel): void {
  const { stream } = model.connection as unknown as { readonly stream: Duplex };
  stream.destroy(new Error('cut'));
}

/**
 * The driver waits for as long as the connection lives, and it does while a broker that takes no more still sends its
 * heartbeats.
 */
function timely(channel: Channel): Channel {
  return new Proxy(channel, {
    get(target, name): unknown {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, args);
        if (!isPromise(answer)) return answer;
        return within(LEAVING.includes(name) ? LEAVE_DEADLINE_MS : ANSWER_DEADLINE_MS, 'broker', answer);
      };
    },
  });
}
