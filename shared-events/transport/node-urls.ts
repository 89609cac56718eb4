/** Scheme and credentials, hosts, and the rest. */
const PARTS = /^([^:/?#]+:\/\/(?:[^@/?#]*@)?)([^/?#]*)(.*)$/;

/**
 * A URL for each node of a cluster, from one that names them all: `scheme://user:password@one:1,two:2/path?options` is
 * `scheme://user:password@one:1/path?options` and the same of `two:2`.
 */
export function nodeUrls(url: string): readonly string[] {
  const [, before, hosts, behind] = PARTS.exec(url) ?? [];
  if (before === undefined || hosts === undefined || behind === undefined) return [url];
  return hosts.split(',').map((host) => before + host + behind);
}
