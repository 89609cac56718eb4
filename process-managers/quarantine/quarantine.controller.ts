import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { notFound } from '@orders/shared-events/http/problem-details.js';
import { z } from 'zod';
import {
  ActionBody,
  CANNOT,
  type ActionHeaders,
  ActionQuery,
  Conditions,
  DocumentedAction,
  conflict,
  keyReused,
  requestOf,
  stale,
} from '../admin/action.js';
import { ActionResult, appendedOf } from '../admin/action-result.js';
import { Documented, Valid } from '../admin/documented.js';
import { type Response, etagOf } from '../admin/etag.js';
import { Instant } from '../admin/fields.js';
import { byAge, nextPage, pageOf, paging } from '../admin/paging.js';
import { QuarantineRelease } from './quarantine-release.js';
import { QuarantineQueries } from './quarantine.queries.js';

const Quarantined = z.object({
  orderId: OrderId,
  position: z
    .string()
    .meta({ description: 'Of the first event in the log that was not dealt with.', example: '4711' }),
  reason: z.string().meta({ example: 'UnknownVersion: version 9 is not one of 1 to 1' }),
  newer: z.boolean().meta({
    description: 'A newer build wrote it: under one, the order goes on by itself.',
  }),
  since: Instant,
});
const Page = z.object({ orders: z.array(Quarantined), next: nextPage });
const Filter = z.object(paging(byAge));
const Path = z.object({ orderId: OrderId });
const problems = { 404: ['quarantine-not-found', 'The order is not in quarantine'] } as const;

@ApiTags('quarantine')
@Controller('quarantine')
export class QuarantineController {
  constructor(
    private readonly quarantine: QuarantineQueries,
    private readonly release: QuarantineRelease,
  ) {}

  @Get()
  @Documented({
    summary: 'Orders that met what could not be dealt with, newest first',
    description: 'Each waits alone: what comes for it is heard once it is let go on.',
    query: Filter,
    response: Page,
  })
  async list(
    @Query(new Valid(Filter)) { first, after }: z.output<typeof Filter>,
  ): Promise<z.infer<typeof Page>> {
    const rows = await this.quarantine.list(first + 1, after);
    const { page, next } = pageOf(rows, first, ({ since, orderId }) => [since, orderId]);
    return { orders: page, next };
  }

  @Get(':orderId')
  @Documented({ summary: 'One of them', params: Path, response: Quarantined, problems })
  async show(
    @Param(new Valid(Path)) { orderId }: z.output<typeof Path>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.infer<typeof Quarantined>> {
    const found = await this.quarantine.ofOrder(orderId);
    if (!found) throw notInQuarantine();
    response.setHeader('etag', etagOf(found.position));
    return found;
  }

  @Post(':orderId/release')
  @DocumentedAction({
    summary: 'Let an order go on',
    description:
      'The log is read again from where it stopped, in its order; what comes behind that follows. It stops again at what still cannot be dealt with.',
    params: Path,
    response: ActionResult,
    problems: { ...problems, 409: ['asked-for-meanwhile', CANNOT] },
  })
  async letGo(
    @Param(new Valid(Path)) { orderId }: z.output<typeof Path>,
    @Conditions() headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) { dryRun }: z.output<typeof ActionQuery>,
    @Body(new Valid(ActionBody)) body: z.output<typeof ActionBody>,
  ): Promise<ActionResult> {
    const conditions = { ifPosition: headers.ifMatch, dryRun };
    const requested = await this.release.request(orderId, requestOf(headers, body), conditions);
    switch (requested.outcome) {
      case 'not in quarantine':
        throw notInQuarantine();
      case 'key reused':
        throw keyReused();
      case 'stale':
        throw stale(etagOf(requested.position));
      case 'conflict':
        throw conflict('asked-for-meanwhile', 'Somebody else has just let it go on');
      case 'planned':
      case 'done':
      case 'repeated':
        return { outcome: requested.outcome, appended: [appendedOf(requested.requested)], sent: [] };
    }
  }
}

const notInQuarantine = () => notFound('quarantine', 'The order is not in quarantine');
