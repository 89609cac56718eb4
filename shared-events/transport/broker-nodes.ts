import { unescape } from 'node:querystring';
import type { Options } from 'amqplib';
import { nodeUrls } from './node-urls.js';

/** With this heartbeat a half-open connection is noticed after 15 s at most; with the default it takes minutes. */
const HEARTBEAT_S = 5;

/** The broker's nodes, of which a connection needs any one. The driver knows of one only. */
export class BrokerNodes {
  readonly #nodes: readonly Options.Connect[];
  #index: number;

  /**
   * @param url of one node, or of all: `amqp://user:password@one:5672,two:5672/vhost`
   * @param random from [0, 1): with which of them to begin, so that many processes spread over them
   */
  constructor(url: string, random: number) {
    this.#nodes = nodeUrls(url).map(nodeAt);
    this.#index = Math.floor(random * this.#nodes.length);
  }

  /** The node to connect to, as the driver takes it. */
  get target(): Options.Connect {
    return { ...this.#nodes[this.#index] };
  }

  /** The next attempt goes to the next node. */
  moveOn(): void {
    this.#index = (this.#index + 1) % this.#nodes.length;
  }
}

/** A URL as the driver reads one: https://www.rabbitmq.com/docs/uri-spec, and its own parameters. */
function nodeAt(url: string): Options.Connect {
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url);
  const numbers = ['channelMax', 'frameMax', 'maxFrameSize', 'heartbeat'].flatMap((name) => {
    const value = searchParams.get(name);
    return value === null ? [] : [[name, Number(value)] as const];
  });
  return {
    protocol: protocol.slice(0, -1),
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'amqps:' ? 5671 : 5672),
    ...(username || password ? { username: unescape(username), password: unescape(password) } : {}),
    vhost: pathname.slice(1),
    locale: searchParams.get('locale') ?? 'en_US',
    heartbeat: HEARTBEAT_S,
    ...Object.fromEntries(numbers),
  };
}
