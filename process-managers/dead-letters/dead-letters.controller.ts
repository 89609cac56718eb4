import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { notFound } from '@orders/shared-events/http/problem-details.js';
import { z } from 'zod';
import { Documented, Valid } from '../admin/documented.js';
import { byAge, nextPage, pageOf, paging } from '../admin/paging.js';
import { DeadLetters } from './dead-letters.table.js';

const Instant = z.string().meta({ format: 'date-time' });

const summary = {
  id: z.uuid(),
  origin: z.enum(['queue', 'unknown correlation', 'not translated']).meta({
    description:
      'unknown correlation: an event that belongs to nothing known; it was parked before. not translated: an event that the outside was to be told of, and that cannot be read.',
  }),
  queue: z.string().meta({
    example: 'commands.payment',
    description:
      '`log` for an event that belongs to nothing known, `integration-events` for one that could not be told.',
  }),
  type: z.string().nullable(),
  routingKey: z.string(),
  reason: z.string(),
  attempts: z.int(),
  times: z.int().meta({ description: 'How often this message died.' }),
  firstFailureAt: Instant,
  lastFailureAt: Instant,
  receivedAt: Instant,
};
const Page = z.object({ deadLetters: z.array(z.object(summary)), next: nextPage });
const Details = z.object({
  ...summary,
  headers: z.record(z.string(), z.unknown()),
  content: z.unknown().meta({ description: 'As it was sent: JSON where it was JSON, else text.' }),
});
const Filter = z.object(paging(byAge));
const Path = z.object({ id: z.uuid() });

@ApiTags('dead letters')
@Controller('dead-letters')
export class DeadLettersController {
  constructor(private readonly deadLetters: DeadLetters) {}

  @Get()
  @Documented({ summary: 'Messages that came to nothing, newest first', query: Filter, response: Page })
  async list(
    @Query(new Valid(Filter)) { first, after }: z.output<typeof Filter>,
  ): Promise<z.infer<typeof Page>> {
    const rows = await this.deadLetters.list(first + 1, after && { receivedAt: after[0], id: after[1] });
    const { page, next } = pageOf(rows, first, ({ receivedAt, id }) => [receivedAt, id]);
    return { deadLetters: page, next };
  }

  @Get(':id')
  @Documented({
    summary: 'One dead letter with its content',
    params: Path,
    response: Details,
    problems: { 404: 'There is no such dead letter' },
  })
  async show(@Param(new Valid(Path)) { id }: z.output<typeof Path>): Promise<z.infer<typeof Details>> {
    const deadLetter = await this.deadLetters.show(id);
    if (!deadLetter) throw notFound('dead-letter', 'There is no such dead letter');
    return deadLetter;
  }
}
