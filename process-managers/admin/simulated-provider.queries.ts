import type { Pool } from 'pg';
import { instant } from '../postgres.js';

export type OutageKind = 'NONE' | 'UNREACHABLE' | 'SILENT';

export interface Outage {
  readonly kind: OutageKind;
  readonly until: string | null;
}

const EXISTS = {
  name: 'simulated-provider-exists',
  text: `SELECT to_regclass('simulated_provider.outage') IS NOT NULL AS there`,
};
const CURRENT = {
  name: 'simulated-provider-outage',
  text: `SELECT kind, ${instant('until', 'until')} FROM simulated_provider.current_outage()`,
};
const SET = {
  name: 'simulated-provider-set-outage',
  text: `SELECT simulated_provider.set_outage(nullif($1, 'NONE'), $2)`,
};

/** What the simulated payment provider offers to whoever wants to try things out. Undefined where there is none. */
export class SimulatedProviderQueries {
  constructor(private readonly pool: Pool) {}

  async outage(): Promise<Outage | undefined> {
    return (await this.#exists()) ? this.#current() : undefined;
  }

  async setOutage(kind: OutageKind, seconds: number): Promise<Outage | undefined> {
    if (!(await this.#exists())) return undefined;
    await this.pool.query({ ...SET, values: [kind, seconds] });
    return this.#current();
  }

  async #exists(): Promise<boolean> {
    const { rows } = await this.pool.query<{ there: boolean }>(EXISTS);
    return rows[0]?.there ?? false;
  }

  async #current(): Promise<Outage> {
    const { rows } = await this.pool.query<Outage>(CURRENT);
    return rows[0] ?? { kind: 'NONE', until: null };
  }
}
