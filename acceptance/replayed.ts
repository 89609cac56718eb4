import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { get } from './client.js';
import { built } from './launcher.js';

/** Of the rows of all read models, as text: equal rows give equal text. */
export const hashesOf = async (admin: string): Promise<string> =>
  JSON.stringify(await get(`${admin}/read-models/hashes`));

/** Rebuilds the read models from event zero, as `npm run replay` does. Throws where it fails. */
export async function replay(backEnds: Readonly<Record<string, string>>): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [built('query-side', 'replay.main.js'), '--json'],
    { env: { ...process.env, ...backEnds } },
  );
  return JSON.parse(stdout);
}
