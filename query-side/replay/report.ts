import type { Comparison } from '../replay.js';
import type { ReplayOutcome } from './run-replay.js';

export interface Report {
  /** For programs; one object. */
  readonly json: object;
  /** For people. */
  readonly text: string;
  readonly isDifferent: boolean;
}

/** What a replay came to, after so many seconds. */
export function reportOf(outcome: ReplayOutcome, seconds: number): Report {
  const { build, replaced, events, position, comparison } = outcome;
  const rate = Math.round(events / Math.max(seconds, 0.001));
  const measured = {
    events,
    position: position.toString(),
    seconds: Number(seconds.toFixed(3)),
    eventsPerSecond: rate,
  };
  const done = `${events} events in ${seconds.toFixed(1)} s (${rate} events/s)`;
  if (!comparison) {
    return {
      json: { outcome: 'promoted', build, replaced: replaced ?? null, ...measured },
      text: `Readers now see ${build}, built from ${done}${replaced ? `, instead of ${replaced}` : ''}.\n`,
      isDifferent: false,
    };
  }
  const isDifferent = comparison.different.length > 0;
  return {
    json: { outcome: isDifferent ? 'different' : 'equal', ...measured, readModels: rowsOf(comparison) },
    text: `${table(comparison)}\n${verdict(comparison, replaced)} Built from ${done}; nothing was changed.\n`,
    isDifferent,
  };
}

function rowsOf({ live, candidate, different }: Comparison) {
  const names = [...new Set([...Object.keys(live), ...Object.keys(candidate)])];
  return names.map((name) => ({
    name,
    equal: !different.includes(name),
    live: live[name] ?? null,
    replayed: candidate[name] ?? null,
  }));
}

const table = (comparison: Comparison): string =>
  rowsOf(comparison)
    .map(
      ({ name, equal, live, replayed }) =>
        `${name.padEnd(16)} ${String(live?.rows ?? '-').padStart(10)} rows live, ` +
        `${String(replayed?.rows ?? '-').padStart(10)} replayed: ${equal ? 'equal' : 'DIFFERENT'}`,
    )
    .join('\n');

const verdict = ({ different, position }: Comparison, live: string | undefined): string =>
  different.length === 0
    ? `A replay would change nothing of ${live ?? 'the live build'} at position ${position}.`
    : `A replay would change ${different.join(', ')} of ${live ?? 'the live build'} at position ${position}.`;
