import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { invalidArgument } from './errors.js';
import { eventType, streamName } from './recorded-event.js';

/** A filter on $all, and how often its reader hears where it is. */
export interface EventFilter {
  matches(record: Buffer): boolean;
  /** A checkpoint is due after so many events considered, whether they matched or not. */
  readonly checkpointInterval: number;
}

const DEFAULT_WINDOW = 32;
/** Answers remembered a filter; with more streams than this some are asked again. */
const REMEMBERED = 10_000;

/** Throws INVALID_ARGUMENT when it filters on nothing, or by an invalid regular expression. */
export function readFilter(options: ReadReq.Options.FilterOptions): EventFilter {
  const [subject, expression] = options.hasEventType()
    ? [eventType, options.getEventType()]
    : [streamName, options.getStreamIdentifier()];
  if (expression === undefined)
    throw invalidArgument('a filter needs an expression on stream names or on event types');
  const window = options.hasMax() ? options.getMax() : DEFAULT_WINDOW;
  const matches = remember(test(expression));
  return {
    matches: (record) => matches(subject(record)),
    checkpointInterval: Math.max(1, window * options.getCheckpointintervalmultiplier()),
  };
}

/**
 * The server's expressions count UTF-16 units, as JavaScript's do without a flag, but know Unicode's properties too.
 * Without the flag V8 can also leave a backtracking that does not end: see event-store.main.ts.
 */
const NEEDS_UNICODE = /\\p\{/i;

function test(expression: ReadReq.Options.FilterOptions.Expression): (text: string) => boolean {
  const pattern = expression.getRegex();
  if (pattern === '') {
    const prefixes = expression.getPrefixList();
    return (text) => prefixes.some((prefix) => text.startsWith(prefix));
  }
  try {
    const regex = new RegExp(pattern, NEEDS_UNICODE.test(pattern) ? 'u' : '');
    return (text) => regex.test(text);
  } catch {
    throw invalidArgument(`'${pattern}' is not a regular expression`);
  }
}

function remember(matches: (text: string) => boolean): (text: string) => boolean {
  const answers = new Map<string, boolean>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    if (answers.size >= REMEMBERED) answers.clear();
    const answer = matches(text);
    answers.set(text, answer);
    return answer;
  };
}
