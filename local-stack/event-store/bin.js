#!/usr/bin/env node
// `npx event-store`: the built node; see README.md.
import { existsSync } from 'node:fs';

const main = new URL('../dist/event-store/event-store.main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write('event store: not built yet: npm run build\n');
  process.exit(1);
}
await import(main.href);
