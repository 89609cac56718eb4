import type { ApolloServerPlugin } from '@apollo/server';
import { tooCostly } from './query-limits.js';

/** Refuses what would cost too much, before anything of it is resolved. */
export const costPlugin: ApolloServerPlugin = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation: ({ schema, document, request: { operationName, variables } }) => {
        const refusal = tooCostly(schema, { document, operationName, variables });
        return refusal ? Promise.reject(refusal) : Promise.resolve();
      },
    }),
};
