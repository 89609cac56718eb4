import { describe, expect, it } from '@jest/globals';
import { nodeUrls } from './node-urls.js';

describe('the URLs of the nodes', () => {
  it('of a URL with one host is that URL', () => {
    for (const url of ['amqp://host', 'amqp://a:b@host:1/vhost?heartbeat=5', 'esdb://host:2113?tls=false'])
      expect(nodeUrls(url)).toEqual([url]);
  });

  it('have the credentials, the path and the options that are said once', () => {
    expect(nodeUrls('amqps://user:a,b@one:1,two,[::1]:3/vhost?frameMax=8192')).toEqual([
      'amqps://user:a,b@one:1/vhost?frameMax=8192',
      'amqps://user:a,b@two/vhost?frameMax=8192',
      'amqps://user:a,b@[::1]:3/vhost?frameMax=8192',
    ]);
    expect(nodeUrls('esdb://one:2113,two:2113?tls=false')).toEqual([
      'esdb://one:2113?tls=false',
      'esdb://two:2113?tls=false',
    ]);
  });

  it('of what is no URL is what it is', () => {
    expect(nodeUrls('not a url')).toEqual(['not a url']);
  });
});
