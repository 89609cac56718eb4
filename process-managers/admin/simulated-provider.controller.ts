import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Documented, type Problems, Valid } from './documented.js';
import { Instant } from './fields.js';
import { notFound } from '@orders/shared-events/http/problem-details.js';
import { type Outage as CurrentOutage, SimulatedProviderQueries } from './simulated-provider.queries.js';

const MOST_SECONDS = 86_400;

const Kind = z
  .enum(['NONE', 'UNREACHABLE', 'SILENT'])
  .meta({ description: 'UNREACHABLE refuses every call at once; SILENT answers none. NONE ends an outage.' });
const Change = z.object({
  kind: Kind,
  seconds: z
    .int()
    .min(1)
    .max(MOST_SECONDS)
    .default(60)
    .meta({ description: 'It ends by itself after that.' }),
});
const Outage = z.object({ kind: Kind, until: Instant.nullable() });

const problems: Problems = { 404: ['simulated-provider-not-found', 'Payments are not simulated here'] };

/** Lets somebody see what an outage of the payment provider does to orders: nothing here exists for a real one. */
@ApiTags('simulated provider')
@Controller('provider/outage')
export class SimulatedProviderController {
  constructor(private readonly provider: SimulatedProviderQueries) {}

  @Get()
  @Documented({ summary: 'Whether the simulated payment provider is away', response: Outage, problems })
  async outage(): Promise<z.infer<typeof Outage>> {
    return found(await this.provider.outage());
  }

  @Put()
  @Documented({
    summary: 'Begin or end an outage of the simulated payment provider',
    description:
      'No call takes effect while it lasts. Orders are accepted all the same and paid for after it.',
    body: Change,
    response: Outage,
    problems,
    scope: 'operations:write',
  })
  async setOutage(
    @Body(new Valid(Change)) { kind, seconds }: z.output<typeof Change>,
  ): Promise<z.infer<typeof Outage>> {
    return found(await this.provider.setOutage(kind, seconds));
  }
}

function found(outage: CurrentOutage | undefined): CurrentOutage {
  if (!outage) throw notFound('simulated-provider', 'Payments are not simulated here');
  return outage;
}
