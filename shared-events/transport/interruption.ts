/** Whoever ran the command wants it to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The first signal gives up and cleans up; the second ends at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => controller.abort(new Interrupted()));
  }
  return controller.signal;
}
