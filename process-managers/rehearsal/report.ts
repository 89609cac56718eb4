import type { Decision, Difference } from './rehearsal.js';

/** One that could not be decided anew, and why. */
export interface UnreadableProcess {
  readonly orderId: string;
  readonly reason: string;
}

/** Of one rehearsal: how many processes were decided anew, and what came of it. */
export interface Rehearsed {
  readonly candidate: number;
  readonly processes: number;
  readonly differences: readonly Difference[];
  readonly unreadable: readonly UnreadableProcess[];
}

export function reportOf({ candidate, processes, differences, unreadable }: Rehearsed): string {
  const lines = [
    ...differences.flatMap(linesOf),
    ...unreadable.map(({ orderId, reason }) => `${orderId}  cannot be decided: ${reason}`),
    `${processes} open, ${differences.length} would decide otherwise by definition ${candidate}` +
      `${unreadable.length > 0 ? `, ${unreadable.length} cannot be read` : ''}. Nothing was sent.`,
  ];
  return `${lines.join('\n')}\n`;
}

function linesOf({ orderId, definition, candidate, at, then, now }: Difference): string[] {
  return [
    `${orderId}  at ${at.heard} (${at.occurredAt}, revision ${at.revision})`,
    `  definition ${definition}: ${textOf(then.decided)}`,
    `  definition ${candidate}: ${textOf(then.candidate)}`,
    `  by now: ${textOf(now.decided)}; by the candidate: ${textOf(now.candidate)}`,
  ];
}

function textOf({ stage, undo, intervention, asksFor }: Decision): string {
  const commands = asksFor.map((command) => command.split(' ').slice(0, 2).join(' '));
  return [
    stage,
    ...(undo === null ? [] : [`undone for ${undo}`]),
    ...(intervention === null ? [] : [`needs an operator: ${intervention}`]),
    commands.length === 0 ? 'asks for nothing' : `asks for ${commands.join(', ')}`,
  ].join(', ');
}
