import { Controller, Get, Inject } from '@nestjs/common';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  HealthIndicatorService,
} from '@nestjs/terminus';
import { Everybody } from './access/permissions.js';

/** Something that must hold before requests may come. */
export interface ReadinessCheck {
  readonly name: string;
  /** Resolves with what is worth knowing; rejects with what is wrong, in words. */
  readonly check: () => Promise<Readonly<Record<string, string | number>>>;
}

/** Token of the process's ReadinessCheck[]. */
export const READINESS_CHECKS = Symbol('readiness checks');

const DEADLINE_MS = 3_000;

/** For a module that imports Terminus and provides READINESS_CHECKS. */
@Controller('health')
@Everybody()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    @Inject(READINESS_CHECKS) private readonly checks: readonly ReadinessCheck[],
  ) {}

  /** The process answers: restarting it would change nothing. */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Requests may come, and work is being done; where not, what fails is named. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check(
      this.checks.map(
        ({ name, check }) =>
          async () =>
            this.indicators.check(name).attempt(check).withTimeout(DEADLINE_MS),
      ),
    );
  }
}
