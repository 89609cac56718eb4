import { WrongUsage } from '@orders/shared-events/transport/command-line.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { decoded } from './api-answer.js';
import { Unconfirmed } from './confirmation.js';
import type { World } from './world.js';

export interface Edit {
  /** Of the dead letter, in the admin API. */
  readonly path: string;
  readonly contentFile: string | undefined;
  readonly edit: boolean;
}

/** What is to be sent instead of what died; nothing where it is to be sent as it was. Throws WrongUsage or Unconfirmed. */
export async function contentOf(
  { path, contentFile, edit }: Edit,
  { admin, environment }: Pick<World, 'admin' | 'environment'>,
): Promise<{ readonly content?: unknown }> {
  if (edit && contentFile !== undefined)
    throw new WrongUsage('--edit and --content-file exclude one another');
  if (contentFile !== undefined) return { content: json(await textOf(contentFile), contentFile) };
  if (!edit) return {};
  const { content } = decoded(z.object({ content: z.unknown() }), (await admin.get(path)).body);
  const before = typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
  const after = await edited(before, environment);
  if (after === before) throw new Unconfirmed('its content was not changed: nothing was done');
  return { content: json(after, 'what was left in the editor') };
}

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    throw new WrongUsage(`${file} cannot be read`, { cause: error });
  });

function json(text: string, whose: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WrongUsage(`${whose} is no JSON`, { cause: error });
  }
}

/** As the editor leaves it, which draws on standard error: standard output is for the result. */
async function edited(text: string, { VISUAL, EDITOR }: World['environment']): Promise<string> {
  const editor = VISUAL || EDITOR;
  if (!editor) throw new WrongUsage('--edit needs $VISUAL or $EDITOR');
  const folder = await mkdtemp(join(tmpdir(), 'dead-letter-'));
  const file = join(folder, 'content.json');
  try {
    await writeFile(file, text, { mode: 0o600 });
    const child = spawn(`${editor} "${file}"`, {
      shell: true,
      stdio: ['inherit', process.stderr, 'inherit'],
    });
    const [code] = (await once(child, 'exit')) as [code: number | null];
    if (code !== 0) throw new Unconfirmed('the editor failed: nothing was done');
    return await readFile(file, 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}
