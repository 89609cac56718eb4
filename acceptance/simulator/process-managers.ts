import type { ProcessSettings } from '@orders/process-managers/configuration.js';
import type { ProcessActions } from '@orders/process-managers/process-actions.js';
import { ProcessManagers } from '@orders/process-managers/process-managers.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import type { BrokerParts } from './channel.js';
import { type Database, SimulatedPool } from './database.js';
import { SimulatedEventStore, type StoreParts } from './event-store.js';
import type { Life, Network } from './life.js';
import { SimulatedBus } from './message-bus.js';

export interface ProcessManagersParts {
  readonly store: StoreParts;
  readonly bus: BrokerParts;
  readonly database: { readonly database: Database; readonly network: Network };
  readonly settings: ProcessSettings;
  readonly logger: LogSink;
}

/** An instance of the process managers: all of it that runs in the product, over what is simulated. */
export class ProcessManagersInstance {
  readonly bus: SimulatedBus;
  readonly #processManagers: ProcessManagers;

  constructor({ store, bus, database, settings, logger }: ProcessManagersParts, life: Life) {
    this.bus = new SimulatedBus(bus, life, logger);
    this.#processManagers = new ProcessManagers({
      eventStore: new SimulatedEventStore(store, life, logger),
      messageBus: this.bus,
      pool: new SimulatedPool(database, life).asDriver,
      migrate: () => Promise.resolve(),
      settings,
      logger,
    });
  }

  /** What operators do to processes. */
  get actions(): ProcessActions {
    return this.#processManagers.actions;
  }

  async start(): Promise<void> {
    await this.bus.connect();
    await this.#processManagers.start();
  }

  /** As on SIGTERM. */
  stop(): Promise<void> {
    return this.#processManagers.stop();
  }
}
