# syntax=docker/dockerfile:1

# One target per side: command-side, query-side, process-managers. Each holds its own production dependencies
# and its build, nothing else: no compiler, no other side, no embedded server. Install scripts never run
# (docs/adr/0007).

# The same version as the runtime that package.json pins.
FROM node:24.21.0-bookworm-slim AS node
WORKDIR /app

FROM node AS manifests
COPY package.json package-lock.json ./
COPY shared-events/package.json shared-events/
COPY command-side/package.json command-side/
COPY process-managers/package.json process-managers/
COPY query-side/package.json query-side/
COPY local-stack/package.json local-stack/
COPY acceptance/package.json acceptance/

FROM manifests AS build
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --include-workspace-root \
    --workspace command-side --workspace process-managers --workspace query-side
COPY . .
RUN npm run build -- --projects @orders/command-side,@orders/process-managers,@orders/query-side

FROM manifests AS command-side-modules
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --omit=dev --omit=optional --workspace command-side

FROM manifests AS process-managers-modules
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --omit=dev --omit=optional --workspace process-managers

FROM manifests AS query-side-modules
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --omit=dev --omit=optional --workspace query-side

# The files belong to root and the process runs as another: it cannot change its own code.
FROM node AS runtime
ENV NODE_ENV=production
# local-stack/node-flags.ts tells why.
ENV NODE_OPTIONS=--max-semi-space-size=16
USER node

FROM runtime AS command-side
COPY --from=command-side-modules /app ./
COPY --from=build /app/shared-events/dist shared-events/dist
COPY --from=build /app/command-side/dist command-side/dist
EXPOSE 3001
CMD ["node", "command-side/dist/main.js"]

FROM runtime AS query-side
COPY --from=query-side-modules /app ./
COPY --from=build /app/shared-events/dist shared-events/dist
COPY --from=build /app/query-side/dist query-side/dist
EXPOSE 3000
CMD ["node", "query-side/dist/main.js"]

FROM runtime AS process-managers
COPY --from=process-managers-modules /app ./
COPY --from=build /app/shared-events/dist shared-events/dist
COPY --from=build /app/process-managers/dist process-managers/dist
EXPOSE 3002
CMD ["node", "process-managers/dist/main.js"]
