import { describe, expect, it } from '@jest/globals';
import { BrokerNodes } from './broker-nodes.js';

const portsOf = (nodes: BrokerNodes, attempts: number): unknown[] =>
  Array.from({ length: attempts }, () => {
    const { port } = nodes.target;
    nodes.moveOn();
    return port;
  });

describe('the nodes of a broker', () => {
  it('are tried in turn, from any of them on', () => {
    const url = 'amqp://one:1,two:2,three:3';
    expect(portsOf(new BrokerNodes(url, 0), 4)).toEqual([1, 2, 3, 1]);
    expect(portsOf(new BrokerNodes(url, 0.99), 4)).toEqual([3, 1, 2, 3]);
  });

  it('have each its own port, the usual one where none is named', () => {
    expect(portsOf(new BrokerNodes('amqp://one:1,two', 0), 2)).toEqual([1, 5672]);
    expect(portsOf(new BrokerNodes('amqps://one,two:2', 0), 2)).toEqual([5671, 2]);
  });

  it('are one where one is named', () => {
    expect(portsOf(new BrokerNodes('amqp://one:1', 0.5), 2)).toEqual([1, 1]);
  });

  it('share the credentials, the virtual host and the parameters', () => {
    const nodes = new BrokerNodes('amqps://us%40er:p%2Fw%@[::1],two/v%2Fhost?heartbeat=9&frameMax=8192', 0);
    const same = { protocol: 'amqps', username: 'us@er', password: 'p/w%', heartbeat: 9, frameMax: 8192 };
    expect(nodes.target).toMatchObject({ ...same, hostname: '::1', vhost: 'v%2Fhost' });
    nodes.moveOn();
    expect(nodes.target).toMatchObject({ ...same, hostname: 'two', vhost: 'v%2Fhost' });
  });

  it('are asked for a sign of life every five seconds, by the name that the driver has for nobody', () => {
    const { target } = new BrokerNodes('amqp://one', 0);
    expect(target.heartbeat).toBe(5);
    expect(target).not.toHaveProperty('username');
  });
});
