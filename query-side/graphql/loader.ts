import DataLoader from 'dataloader';

/**
 * A loader for each request: what its resolvers ask for in one tick becomes one statement. It batches and does
 * not remember, because the request of a subscription lives long.
 */
export function perRequest<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly Value[]>,
): (request: object) => DataLoader<Key, Value> {
  const loaders = new WeakMap<object, DataLoader<Key, Value>>();
  return (request) => {
    const known = loaders.get(request);
    if (known) return known;
    const loader = new DataLoader(load, { cache: false });
    loaders.set(request, loader);
    return loader;
  };
}
