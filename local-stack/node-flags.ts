/**
 * What every long-running Node of this system is started with; the Dockerfile says the same.
 *
 * V8 lets the young generation grow to three times this. Its own choice takes 100 MB more for a process that
 * serves requests, and is no faster: `npm run bench -- orders`.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=16'];
