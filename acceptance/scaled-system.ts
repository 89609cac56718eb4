import type { Killable } from './killable.js';
import { Launcher, type LauncherOptions, type Side, at, sides } from './launcher.js';

/** The running system with several instances of each side, on the same servers. */
export interface ScaledSystem {
  /** GraphQL endpoints that take mutations. */
  readonly commands: readonly string[];
  /** GraphQL endpoints that take queries and subscriptions. */
  readonly queries: readonly string[];
  /** Base URLs of the admin API. */
  readonly admins: readonly string[];
  /** Those of each side, in the order of their endpoints. */
  readonly instances: Readonly<Record<Side, readonly Killable[]>>;
  /** Servers and instances by name, in the order of their start. */
  readonly processes: ReadonlyMap<string, Killable>;
  readonly backEnds: Readonly<Record<string, string>>;
  /** Where a process of that name writes what it says. */
  logOf(name: string): string;
  stop(): Promise<void>;
}

/** So many of each side. Resolves once all of them are ready. */
export function scaledSystem(each: number, options: LauncherOptions = {}): Promise<ScaledSystem> {
  return Launcher.start(options, async (launcher) => {
    const ports = async (side: Side): Promise<string[]> =>
      Promise.all(Array.from({ length: each }, (_, index) => launcher.side(side, nameOf(side, index))));
    const [commands, queries, admins] = await Promise.all([
      ports('command-side'),
      ports('query-side'),
      ports('process-managers'),
    ]);
    const instancesOf = (side: Side): Killable[] =>
      Array.from({ length: each }, (_, index) => launcher.processes.get(nameOf(side, index)) ?? []).flat();
    const { processes, backEnds, stop } = launcher;
    return {
      commands: commands.map((port) => at(port, '/graphql')),
      queries: queries.map((port) => at(port, '/graphql')),
      admins: admins.map((port) => at(port)),
      instances: {
        'command-side': instancesOf('command-side'),
        'query-side': instancesOf('query-side'),
        'process-managers': instancesOf('process-managers'),
      },
      ...{ processes, backEnds, stop },
      logOf: (name) => launcher.logOf(name),
    };
  });
}

/** From 1: `command-side-1`. */
const nameOf = (side: Side, index: number): string => `${side}-${index + 1}`;

/** All instances of all sides. */
export const allInstances = ({ instances }: ScaledSystem): readonly Killable[] =>
  Object.keys(sides).flatMap((side) => instances[side as Side]);
