import { describe, expect, it } from '@jest/globals';
import { type Breaking, type Compatible, changed } from '../testing/changed.js';
import { channelChanges } from './channel-changes.js';

const sku = { type: 'string', pattern: '^[A-Z]+$' };
const line = { type: 'object', properties: { sku }, required: ['sku'] };

describe('what others hear', () => {
  const told = {
    type: 'object',
    properties: {
      type: { type: 'string', const: 'orders.order.failed.v1' },
      amount: { type: 'integer', minimum: 0, maximum: 100 },
      reason: { type: 'string', enum: ['LOST', 'DECLINED'] },
      reference: { type: 'string', maxLength: 10 },
      lines: { type: 'array', minItems: 1, items: line },
      weight: { type: 'number' },
      owner: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      payer: { oneOf: [{ type: 'string' }, { type: 'null' }] },
      closed: { type: 'object', properties: {}, additionalProperties: false },
    },
    required: ['type', 'amount', 'reason', 'lines'],
  };
  const { amount: _, ...others } = told.properties;
  const amqp = { messageType: 'failed' };
  const exchange = { name: 'integration-events', type: 'topic' };
  const asyncApi = {
    channels: {
      'order.failed': {
        address: 'order.failed',
        messages: {
          'order.failed': { contentType: 'application/json', bindings: { amqp }, payload: told },
        },
        bindings: { amqp: { exchange } },
      },
    },
  };
  const channel = '/channels/order.failed';
  const message = `${channel}/messages/order.failed`;
  const schema = `${message}/payload`;
  const fields = `${schema}/properties`;

  it.each<Breaking>([
    ['a channel is gone', channel, undefined, 'order.failed: is gone'],
    ['a message is gone', message, undefined, 'order.failed: is gone'],
    [
      'a channel has another routing key',
      `${channel}/address`,
      'order.rejected',
      'order.failed: address was "order.failed", is "order.rejected"',
    ],
    [
      'a channel is on another exchange',
      `${channel}/bindings/amqp/exchange`,
      'events',
      `order.failed: bindings was ${JSON.stringify({ amqp: { exchange } })}, is {"amqp":{"exchange":"events"}}`,
    ],
    [
      'a message has another content type',
      `${message}/contentType`,
      'text/plain',
      'order.failed: contentType was "application/json", is "text/plain"',
    ],
    [
      'a message has another type in its properties',
      `${message}/bindings/amqp/messageType`,
      'rejected',
      'order.failed: bindings was {"amqp":{"messageType":"failed"}}, is {"amqp":{"messageType":"rejected"}}',
    ],
    [
      'a field that was always there is gone',
      schema,
      { type: 'object', properties: others, required: ['type', 'reason', 'lines'] },
      'order.failed.amount: is gone',
    ],
    ['a field is gone', `${fields}/reference`, undefined, 'order.failed.reference: is gone'],
    [
      'a field of a list is gone',
      `${fields}/lines/items/properties/sku`,
      undefined,
      'order.failed.lines[].sku: is gone',
    ],
    [
      'a field is not always there',
      `${schema}/required`,
      ['type', 'reason', 'lines'],
      'order.failed.amount: is not always there any more',
    ],
    [
      'a field is of another type',
      `${fields}/reference/type`,
      'integer',
      'order.failed.reference: type was "string", is "integer"',
    ],
    [
      'a type is wider',
      `${fields}/amount/type`,
      'number',
      'order.failed.amount: type was "integer", is "number"',
    ],
    [
      'a field can be null',
      `${fields}/reference/type`,
      ['string', 'null'],
      'order.failed.reference: type was "string", is "null"',
    ],
    [
      'a field can be of a further kind',
      `${fields}/owner/anyOf/2`,
      line,
      'order.failed.owner: type was "string", is "object"',
    ],
    [
      'a field can be anything',
      `${fields}/reference`,
      { description: 'Whatever.' },
      'order.failed.reference: was {"type":"string","maxLength":10}, is {"description":"Whatever."}',
    ],
    [
      'an enumeration has a further value',
      `${fields}/reason/enum/2`,
      'LATE',
      'order.failed.reason: readers may now meet "LATE"',
    ],
    [
      'an enumeration is none any more',
      `${fields}/reason/enum`,
      undefined,
      'order.failed.reason: readers may now meet any value, beside "LOST", "DECLINED"',
    ],
    [
      'a constant is another one',
      `${fields}/type/const`,
      'orders.order.failed.v2',
      'order.failed.type: readers may now meet "orders.order.failed.v2"',
    ],
    [
      'a pattern is another one',
      `${fields}/lines/items/properties/sku/pattern`,
      '^[a-z]+$',
      'order.failed.lines[].sku: pattern was "^[A-Z]+$", is "^[a-z]+$"',
    ],
    ['an upper bound rises', `${fields}/amount/maximum`, 101, 'order.failed.amount: maximum was 100, is 101'],
    ['a lower bound falls', `${fields}/amount/minimum`, -1, 'order.failed.amount: minimum was 0, is -1'],
    [
      'a bound is gone',
      `${fields}/lines/minItems`,
      undefined,
      'order.failed.lines: minItems was 1, is absent',
    ],
    [
      'an object that was closed is open',
      `${fields}/closed/additionalProperties`,
      true,
      'order.failed.closed.*: was false, is true',
    ],
    [
      'an object that was closed has a field',
      `${fields}/closed/properties/more`,
      sku,
      `order.failed.closed.more: was false, is ${JSON.stringify(sku)}`,
    ],
  ])('is broken where %s', (_what, pointer, value, said) => {
    expect(channelChanges(asyncApi, changed(asyncApi, pointer, value))).toEqual([said]);
  });

  it.each<Compatible>([
    ['nothing changes', '/info', {}],
    ['a channel is new', '/channels/order.shipped', asyncApi.channels['order.failed']],
    ['a field is new', `${fields}/more`, sku],
    ['a field is always there', `${schema}/required`, Object.keys(told.properties)],
    ['a number is always whole', `${fields}/weight/type`, 'integer'],
    ['a field is never null', `${fields}/owner`, { type: 'string' }],
    ['a field is of one kind only', `${fields}/payer`, { type: 'null' }],
    ['an enumeration has one value less', `${fields}/reason/enum`, ['LOST']],
    ['an enumeration is in another order', `${fields}/reason/enum`, ['DECLINED', 'LOST']],
    ['an upper bound falls', `${fields}/amount/maximum`, 99],
    ['a lower bound rises', `${fields}/amount/minimum`, 1],
    ['a pattern is new', `${fields}/reference/pattern`, '^x'],
    ['an open object is closed', `${schema}/additionalProperties`, false],
    ['it is described in other words', `${fields}/amount/description`, 'Cents.'],
  ])('is kept where %s', (_what, pointer, value) => {
    expect(channelChanges(asyncApi, changed(asyncApi, pointer, value))).toEqual([]);
  });
});
