import { Body, Controller, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { aggregateOf } from '@orders/shared-events/contracts/commands.js';
import { OrderId } from '@orders/shared-events/contracts/ids.js';
import { notFound } from '@orders/shared-events/http/problem-details.js';
import { commandRoutingKey } from '@orders/shared-events/transport/topology.js';
import { z } from 'zod';
import type { ActionRefusal, OperatorAction } from '../order-process/operator-actions.js';
import type { OutstandingCommand } from '../order-process/outstanding.js';
import { type ActionPlan, ProcessActions } from '../process-actions.js';
import { QuarantineQueries } from '../quarantine/quarantine.queries.js';
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
} from './action.js';
import { ActionResult } from './action-result.js';
import { Valid } from './documented.js';
import { type Response, etagOf, revisionIn } from './etag.js';

const Path = z.object({ orderId: OrderId });
type OfOrder = z.output<typeof Path>;
type Options = z.output<typeof ActionQuery>;
type Reason = z.output<typeof ActionBody>;

const documented = (summary: string, description: string) =>
  DocumentedAction({
    ...{ summary, description, params: Path, response: ActionResult },
    problems: {
      404: ['process-not-found', 'There is no process of that order'],
      409: ['process-done', CANNOT],
    },
  });

const REFUSALS: Readonly<Record<ActionRefusal, readonly [title: string, detail: string]>> = {
  PROCESS_DONE: ['The process is done', 'There is nothing left that it could do.'],
  PROCESS_PAUSED: ['The process is paused', 'It takes nothing but to be resumed.'],
  PROCESS_NOT_PAUSED: ['The process is not paused', 'It goes on as it is.'],
  ALREADY_COMPENSATING: ['The order is being undone', 'Retry asks for what is outstanding at once.'],
  NOTHING_TO_RESOLVE: ['Nobody is asked for', 'The process needs no operator.'],
  DECISION_NEEDED: [
    'The goods left while the order was undone',
    'Compensate gives the money back all the same; resolve keeps the order as it is.',
  ],
};

/** What an operator does to the process of an order. */
@ApiTags('processes')
@Controller('processes/:orderId')
export class ProcessActionsController {
  constructor(
    private readonly actions: ProcessActions,
    private readonly quarantine: QuarantineQueries,
  ) {}

  @Post('pause')
  @documented('Let a process stand still', 'It hears on, and asks for nothing; no deadline counts.')
  pause(
    @Param(new Valid(Path)) path: OfOrder,
    @Conditions() headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) query: Options,
    @Body(new Valid(ActionBody)) body: Reason,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.#perform('pause', path, { headers, query, body, response });
  }

  @Post('resume')
  @documented('Let a paused process go on', 'Its stage has all of its time anew.')
  resume(
    @Param(new Valid(Path)) path: OfOrder,
    @Conditions() headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) query: Options,
    @Body(new Valid(ActionBody)) body: Reason,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.#perform('resume', path, { headers, query, body, response });
  }

  @Post('retry')
  @documented(
    'Ask at once for everything outstanding',
    'In a stage with all of its time anew. What was refused as often as it is tried at all is tried as often again.',
  )
  retry(
    @Param(new Valid(Path)) path: OfOrder,
    @Conditions() headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) query: Options,
    @Body(new Valid(ActionBody)) body: Reason,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.#perform('retry', path, { headers, query, body, response });
  }

  @Post('compensate')
  @documented(
    'Give back money and stock, and cancel the order',
    'Whatever it has come to: where the goods have left, only the money is given back, and the order stays completed.',
  )
  compensate(
    @Param(new Valid(Path)) path: OfOrder,
    @Conditions() headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) query: Options,
    @Body(new Valid(ActionBody)) body: Reason,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.#perform('compensate', path, { headers, query, body, response });
  }

  @Post('resolve')
  @documented(
    'Say that what an operator was asked for has been seen to',
    'VOID_FAILED, REFUND_FAILED: the money was given back in another way. SHIPPED_WHILE_UNDOING: the order is kept. STAGE_OVERDUE: the stage has all of its time anew.',
  )
  resolve(
    @Param(new Valid(Path)) path: OfOrder,
    @Conditions() headers: ActionHeaders,
    @Query(new Valid(ActionQuery)) query: Options,
    @Body(new Valid(ActionBody)) body: Reason,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.#perform('resolve', path, { headers, query, body, response });
  }

  async #perform(action: OperatorAction, { orderId }: OfOrder, asked: Asked): Promise<ActionResult> {
    const { headers, query, body, response } = asked;
    const isQuarantined = (await this.quarantine.ofOrder(orderId)) !== undefined;
    const ifRevision = revisionIn(headers.ifMatch);
    const conditions = { ifRevision, isQuarantined, dryRun: query.dryRun };
    const performed = await this.actions.perform(orderId, action, requestOf(headers, body), conditions);
    switch (performed.outcome) {
      case 'no process':
        throw notFound('process', 'There is no process of that order');
      case 'quarantined':
        throw conflict('order-quarantined', 'The order is in quarantine', 'Let it go on first.');
      case 'key reused':
        throw keyReused();
      case 'stale':
        throw stale(etagOf(performed.revision));
      case 'refused':
        throw refusalProblem(performed.refusal);
      case 'planned':
        return resultOf('planned', performed.plan);
      case 'done':
      case 'repeated':
        response.setHeader('etag', etagOf(performed.plan.revision));
        return resultOf(performed.outcome, performed.plan);
    }
  }
}

interface Asked {
  readonly headers: ActionHeaders;
  readonly query: Options;
  readonly body: Reason;
  readonly response: Response;
}

const refusalProblem = (refusal: ActionRefusal) =>
  conflict(refusal.toLowerCase().replaceAll('_', '-'), ...REFUSALS[refusal]);

function resultOf(outcome: ActionResult['outcome'], plan: ActionPlan): ActionResult {
  const { stream, revision, sends } = plan;
  const { id: eventId, event, metadata } = plan.event;
  const { actor, reason = '' } = metadata;
  const appended = { stream, revision: revision.toString(), eventId, ...event, actor, reason };
  return { outcome, appended: [appended], sent: sends.map(sentCommand) };
}

const sentCommand = ({ commandId, stream, command }: OutstandingCommand) => ({
  ...{ commandId, stream, type: command.type, data: { ...command.data } },
  routingKey: commandRoutingKey(aggregateOf(command), command.type),
});
