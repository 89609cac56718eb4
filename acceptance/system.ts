import type { Killable } from './killable.js';
import { Launcher, at, built } from './launcher.js';

export { PAYMENT_WEBHOOK_SECRET, built } from './launcher.js';

/** The running system as the outside sees it. */
export interface System {
  /** GraphQL endpoint that takes mutations. */
  readonly commands: string;
  /** GraphQL endpoint that takes queries and subscriptions. */
  readonly queries: string;
  /** Base URL of the admin API. */
  readonly admin: string;
  /** By name, in the order of their start. */
  readonly processes: ReadonlyMap<string, Killable>;
  readonly backEnds: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface SystemOptions {
  /** Configuration beside ports and URLs, e.g. shorter deadlines. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Both ways to deploy the same modules. */
export const topologies = { 'one process': oneProcess, 'three processes': threeProcesses };
export type Topology = keyof typeof topologies;

function oneProcess(options: SystemOptions = {}): Promise<System> {
  return Launcher.start(options, async (launcher) => {
    const [graphql, admin] = [await launcher.port(), await launcher.port()];
    const environment = { PORT: graphql, ADMIN_PORT: admin };
    const file = built('local-stack', 'application/application.main.js');
    await launcher.launch('application', { file, environment });
    const { processes, backEnds, stop } = launcher;
    const graphqlUrl = at(graphql, '/graphql');
    return { commands: graphqlUrl, queries: graphqlUrl, admin: at(admin), processes, backEnds, stop };
  });
}

function threeProcesses(options: SystemOptions = {}): Promise<System> {
  return Launcher.start(options, async (launcher) => {
    const [commands, queries, admin] = await Promise.all([
      launcher.side('command-side'),
      launcher.side('query-side'),
      launcher.side('process-managers'),
    ]);
    const { processes, backEnds, stop } = launcher;
    const endpoints = { commands: at(commands, '/graphql'), queries: at(queries, '/graphql') };
    return { ...endpoints, admin: at(admin), processes, backEnds, stop };
  });
}
