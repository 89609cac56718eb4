import type { Clock, Owner } from './clock.js';
import type { Faults, Passage } from './faults.js';
import type { Operation } from './mishaps.js';

/** A process from its start to its end. What it has in memory ends with it; what is on its way to others arrives. */
export class Life implements Owner {
  alive = true;
  frozenUntil = 0;

  /** @param onEnd told once, when the process dies */
  constructor(
    readonly name: string,
    private readonly onEnd: (life: Life) => void,
    readonly skewMs = 0,
  ) {}

  end(): void {
    if (!this.alive) return;
    this.alive = false;
    this.onEnd(this);
  }
}

/** Between processes and servers: what is asked takes effect there, and the answer comes back, or not. */
export class Network {
  constructor(
    private readonly clock: Clock,
    private readonly faults: Faults,
  ) {}

  /**
   * @param subject what the operation is done to: with the operation the name of what may go wrong
   * @param effect at the server; what it throws is the answer
   * @param failure what the process is told where its request or the answer was lost
   */
  request<At extends Operation, Answer>(
    life: Life,
    operation: At,
    subject: string,
    effect: (passage: Passage<At>) => Answer,
    failure: () => Error,
  ): Promise<Answer> {
    return this.#travel(life, this.faults.at(operation, subject), effect, failure);
  }

  /** The same, but where nothing goes wrong it takes no time: only what else is due at the moment may come first. */
  ask<At extends Operation, Answer>(
    life: Life,
    operation: At,
    subject: string,
    effect: (passage: Passage<At>) => Answer,
    failure: () => Error,
  ): Promise<Answer> {
    const passage = this.faults.at(operation, subject);
    return passage.mishap === undefined && life.alive
      ? after(passage.ticks, effect(passage))
      : this.#travel(life, passage, effect, failure);
  }

  #travel<At extends Operation, Answer>(
    life: Life,
    passage: Passage<At>,
    effect: (passage: Passage<At>) => Answer,
    failure: () => Error,
  ): Promise<Answer> {
    const { there, back } = passage;
    const mishap: string | undefined = passage.mishap;
    return new Promise((resolve, reject) => {
      if (!life.alive) return;
      if (mishap === 'crash before') return life.end();
      const answer = (settle: () => void): void => void this.clock.in(back, life, settle);
      this.clock.in(there, undefined, () => {
        if (mishap === 'silent') return;
        if (mishap === 'request lost') return answer(() => reject(failure()));
        const settle = settled(() => effect(passage), resolve, reject);
        if (mishap === 'crash after') life.end();
        else if (mishap === 'answer lost') answer(() => reject(failure()));
        else if (mishap !== 'silent after effect') answer(settle);
      });
    });
  }
}

async function after<Answer>(ticks: number, answer: Answer): Promise<Answer> {
  for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
  return answer;
}

function settled<Answer>(
  effect: () => Answer,
  resolve: (answer: Answer) => void,
  reject: (error: unknown) => void,
): () => void {
  try {
    const answer = effect();
    return () => resolve(answer);
  } catch (error) {
    return () => reject(error);
  }
}
