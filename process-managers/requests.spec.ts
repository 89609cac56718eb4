import { expect, it } from '@jest/globals';
import { requestIdOf, requestStream } from '@orders/shared-events/contracts/ids.js';
import { until } from '@orders/shared-events/testing/until.js';
import { firstOf, isRequestFor, record, requestedBefore } from './requests.js';
import { MemoryLog } from './testing/memory-log.js';
import { START } from './testing/order-story.js';

const CATEGORY = 'forwarderReplay';
const replayId = requestIdOf(CATEGORY, 'key');
const event = { type: 'ForwarderReplayStopped', data: { replayId } } as const;
const asked = (correlationId: string, reason = 'ticket 4711') => {
  const actor = { kind: 'operator', subject: 'jane' } as const;
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  return { key: 'key', actor, reason, context: { correlationId, traceparent } };
};
type Asked = ReturnType<typeof asked>;
const made = (request: Asked) => firstOf(CATEGORY, replayId, event, request, START);
const recorded = (log: MemoryLog, request: Asked) =>
  record(log, made(request), isRequestFor(event.type, request));

/** Each of so many has decided before one of them appends. */
function allAtOnce(log: MemoryLog, copies: number): void {
  let waiting = 0;
  log.beforeAppend = async () => {
    waiting += 1;
    await until(() => waiting === copies);
  };
}

it('of copies of a request that come at once one is told that it was done, and all of the event that stands', async () => {
  const log = new MemoryLog();
  allAtOnce(log, 2);
  const outcomes = await Promise.all([recorded(log, asked('one')), recorded(log, asked('other'))]);
  expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['done', 'repeated']);
  const stands = await requestedBefore(log, CATEGORY, replayId);
  expect(stands).toBeDefined();
  for (const each of outcomes) expect(each).toMatchObject({ requested: stands });
});

it('what was asked for at the same moment under the same key, and is something else, is not done', async () => {
  const log = new MemoryLog();
  allAtOnce(log, 2);
  const outcomes = await Promise.all([recorded(log, asked('one')), recorded(log, asked('one', 'another'))]);
  expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['done', 'key reused']);
});

it('a request is done whose first append was not answered', async () => {
  const log = new MemoryLog();
  const request = asked('one');
  await log.append(requestStream(CATEGORY, replayId), 'no_stream', [made(request).event]);
  expect(await recorded(log, request)).toMatchObject({ outcome: 'done' });
});

it('behind another request there is a conflict', async () => {
  const log = new MemoryLog();
  const { stream, event: first } = made(asked('one'));
  await log.append(stream, 'no_stream', [{ ...first, id: crypto.randomUUID() as typeof first.id }]);
  expect(await recorded(log, asked('one'))).toEqual({ outcome: 'conflict' });
});
