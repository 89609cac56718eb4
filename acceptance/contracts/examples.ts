import { type Announcement, translate } from '@orders/process-managers/forwarder/translation.js';
import type { RecordedEvent } from '@orders/shared-events/contracts/envelope.js';
import { eventIdOf, processCommandId } from '@orders/shared-events/contracts/ids.js';
import { readFileSync, readdirSync } from 'node:fs';

const OCCURRED_AT = '2026-01-31T12:00:00.000Z';
const POSITION = 4_711n;

/** A stored event that the outside is told of, and what it is told. */
export interface Told extends Announcement {
  readonly of: string;
}

/** What the forwarder makes of the golden samples; of some of them nothing. */
export function toldOfSamples(samples: URL): readonly Told[] {
  const files = readdirSync(samples).sort();
  return files.flatMap((file) => {
    const of = file.replace(/\.json$/, '');
    const told = translate(recorded(of, JSON.parse(readFileSync(new URL(file, samples), 'utf8'))));
    return told ? [{ of, ...told }] : [];
  });
}

/** A sample, e.g. `OrderPlaced.v1`, as it would come from the log. */
function recorded(sample: string, data: unknown): RecordedEvent {
  const [type = '', version = ''] = sample.split('.v');
  const commandId = processCommandId('order-example', sample, 'order-example', 1);
  return {
    id: eventIdOf(commandId, 0),
    type,
    streamId: 'order-example',
    revision: 0n,
    position: POSITION,
    recordedAt: new Date(OCCURRED_AT),
    data,
    metadata: {
      $correlationId: 'checkout-17',
      $causationId: commandId,
      commandId,
      actor: { kind: 'customer', subject: 'customer-1' },
      occurredAt: OCCURRED_AT,
      schemaVersion: Number(version),
    },
  };
}
