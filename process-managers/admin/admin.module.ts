import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AccessModule } from '@orders/shared-events/http/access/access.module.js';
import type { Callers } from '@orders/shared-events/http/access/callers.js';
import { HealthController, READINESS_CHECKS } from '@orders/shared-events/http/health.controller.js';
import { METRICS, MetricsController } from '@orders/shared-events/http/metrics.controller.js';
import { EventStore } from '@orders/shared-events/transport/event-store.js';
import { type createLogger, frameworkLogging } from '@orders/shared-events/transport/observability.js';
import { LoggerModule } from 'nestjs-pino';
import type { Pool } from 'pg';
import { DeadLetterRequests } from '../dead-letters/dead-letter-requests.js';
import type { Registry } from 'prom-client';
import { DeadLettersController } from '../dead-letters/dead-letters.controller.js';
import { DeadLetters } from '../dead-letters/dead-letters.table.js';
import { ForwarderController } from '../forwarder/forwarder.controller.js';
import { ReplayRequests } from '../forwarder/replay-requests.js';
import { ReplaysTable } from '../forwarder/replays.table.js';
import type { ProcessManagersReadiness } from '../health/readiness.js';
import type { StageDurations } from '../order-process/deadlines.js';
import { ProcessQueries } from '../order-process/processes.queries.js';
import { ParkedController } from '../parking/parked.controller.js';
import { ParkedQueries } from '../parking/parked.queries.js';
import { ProcessActions } from '../process-actions.js';
import { QuarantineController } from '../quarantine/quarantine.controller.js';
import { QuarantineRelease } from '../quarantine/quarantine-release.js';
import { QuarantineQueries } from '../quarantine/quarantine.queries.js';
import { ProcessActionsController } from './process-actions.controller.js';
import { ProcessesController, STAGE_DURATIONS } from './processes.controller.js';
import { ProofQueries } from './proofs.queries.js';
import { ProofsController } from './proofs.controller.js';
import { SimulatedProviderController } from './simulated-provider.controller.js';
import { SimulatedProviderQueries } from './simulated-provider.queries.js';
import { WorkController } from './work.controller.js';
import { WorkQueries } from './work.queries.js';

export const adminControllers = [
  ProcessesController,
  ProcessActionsController,
  WorkController,
  ProofsController,
  SimulatedProviderController,
  QuarantineController,
  DeadLettersController,
  ForwarderController,
  ParkedController,
  HealthController,
  MetricsController,
];

export interface AdminOptions {
  readonly pool: Pool;
  readonly eventStore: EventStore;
  readonly actions: ProcessActions;
  readonly durations: StageDurations;
  readonly readiness: ProcessManagersReadiness;
  readonly callers: Callers;
  readonly logger: ReturnType<typeof createLogger>;
  readonly metrics: Registry;
}

/** The operators' API, an application of its own on a port of its own. */
@Module({})
export class AdminModule {
  static register({
    pool,
    eventStore,
    actions,
    durations,
    readiness,
    callers,
    logger,
    metrics,
  }: AdminOptions): DynamicModule {
    const quarantine = new QuarantineQueries(pool);
    const deadLetters = new DeadLetters(pool);
    const replays = new ReplaysTable(pool);
    const now = () => new Date().toISOString();
    return {
      module: AdminModule,
      imports: [
        LoggerModule.forRoot(frameworkLogging(logger)),
        AccessModule.register(callers),
        TerminusModule.forRoot({ logger: false }),
      ],
      controllers: adminControllers,
      providers: [
        { provide: EventStore, useValue: eventStore },
        { provide: ProcessActions, useValue: actions },
        { provide: STAGE_DURATIONS, useValue: durations },
        { provide: READINESS_CHECKS, useValue: readiness.checks },
        { provide: METRICS, useValue: metrics },
        { provide: ProcessQueries, useValue: new ProcessQueries(pool) },
        { provide: WorkQueries, useValue: new WorkQueries(pool) },
        { provide: ProofQueries, useValue: new ProofQueries(pool) },
        { provide: SimulatedProviderQueries, useValue: new SimulatedProviderQueries(pool) },
        { provide: QuarantineQueries, useValue: quarantine },
        { provide: QuarantineRelease, useValue: new QuarantineRelease(eventStore, quarantine, now) },
        { provide: DeadLetters, useValue: deadLetters },
        { provide: DeadLetterRequests, useValue: new DeadLetterRequests(eventStore, deadLetters, now) },
        { provide: ReplaysTable, useValue: replays },
        { provide: ReplayRequests, useValue: new ReplayRequests(eventStore, replays, now) },
        { provide: ParkedQueries, useValue: new ParkedQueries(pool) },
      ],
    };
  }
}
