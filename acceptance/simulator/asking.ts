import type { CommandSideInstance } from './command-side.js';
import type { System } from './system.js';
import type { World } from './world.js';

/** Whoever hears nothing for so long asks again. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 1_000;

interface Question {
  readonly what: string;
  readonly put: (side: CommandSideInstance) => Promise<string>;
  readonly then: () => void;
  /** Counts the questions. Says which instance is asked first; another one after that. */
  readonly which: number;
  isAnswered: boolean;
}

/** Asks the command side until it answers: the same request each time, of whichever instance is there. */
export class Asking {
  /** Requests that nobody has answered yet, and what they ask. */
  readonly waiting = new Map<number, string>();
  #asked = 0;

  constructor(
    private readonly world: World,
    private readonly system: System,
  ) {}

  /** @param put resolves with the answer; one that cannot be given rejects, and the same is asked again */
  ask(
    what: string,
    put: (side: CommandSideInstance) => Promise<string>,
    then: () => void = () => undefined,
  ): void {
    const which = this.#asked++;
    this.waiting.set(which, what);
    this.#try({ what, put, then, which, isAnswered: false }, 0);
  }

  #try(question: Question, repeat: number): void {
    if (question.isAnswered) return;
    const { clock } = this.world;
    const again = (pause: number) => clock.in(pause, undefined, () => this.#try(question, repeat + 1));
    const side = this.system.commandSide(question.which + repeat);
    if (!side) return void again(PAUSE_MS);
    const impatience = again(PATIENCE_MS);
    this.world.step(`${side.life.name} is asked: ${question.what}`);
    clock.in(1, side.life, () => {
      question.put(side.program).then(
        (answer) => {
          impatience.isOff = true;
          this.#answered(question, answer);
        },
        () => {
          if (impatience.isOff) return;
          impatience.isOff = true;
          again(PAUSE_MS);
        },
      );
    });
  }

  #answered(question: Question, answer: string): void {
    if (question.isAnswered) return;
    question.isAnswered = true;
    this.waiting.delete(question.which);
    this.world.trace.line(() => this.world.clock.now, `  answered: ${question.what}: ${answer}`);
    question.then();
  }
}
