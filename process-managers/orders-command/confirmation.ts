import type { Terminal } from './terminal.js';

/** It cannot be taken back, and nobody said that it is meant. */
export class Unconfirmed extends Error {
  override readonly name = 'Unconfirmed';
}

export interface Irrevocable {
  readonly question: string;
  /** What it would do, for whoever has to be sure of it. */
  readonly plan: () => Promise<string>;
  /** Whether that was said before. */
  readonly isSure: boolean;
}

/** Shows what would be done and asks whether it is meant. Throws Unconfirmed where it is not, or nobody can be asked. */
export async function demandSure(
  { question, plan, isSure }: Irrevocable,
  { ask, note }: Pick<Terminal, 'ask' | 'note'>,
): Promise<void> {
  if (isSure) return;
  if (!ask) throw new Unconfirmed('it cannot be taken back: --yes says that it is meant');
  note((await plan()).trimEnd());
  if (!(await ask(question))) throw new Unconfirmed('nothing was done');
}
