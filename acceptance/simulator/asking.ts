import type { CommandSideInstance } from './command-side.js';
import type { Life } from './life.js';
import type { ProcessManagersInstance } from './process-managers.js';
import type { System } from './system.js';
import type { World } from './world.js';

/** Whoever hears nothing for so long asks again. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 1_000;

/** Somebody who is there to be asked. */
interface Asked {
  readonly life: Life;
  readonly put: () => Promise<string>;
}

interface Question {
  readonly what: string;
  /** The n-th of those who run; undefined where nobody does. */
  readonly of: (which: number) => Asked | undefined;
  readonly then: () => void;
  /** Counts the questions. Says which instance is asked first; another one after that. */
  readonly which: number;
  isAnswered: boolean;
}

/** Asks until somebody answers: the same request each time, of whichever instance is there. */
export class Asking {
  /** Requests that nobody has answered yet, and what they ask. */
  readonly waiting = new Map<number, string>();
  #asked = 0;

  constructor(
    private readonly world: World,
    private readonly system: System,
  ) {}

  /** Asks the command side. @param put resolves with the answer; one that cannot be given rejects, and the same is asked again */
  ask(
    what: string,
    put: (side: CommandSideInstance) => Promise<string>,
    then: () => void = () => undefined,
  ): void {
    this.#ask(what, (which) => asked(this.system.commandSide(which), put), then);
  }

  /** Asks the process managers, likewise. */
  askProcessManagers(what: string, put: (instance: ProcessManagersInstance) => Promise<string>): void {
    this.#ask(
      what,
      (which) => asked(this.system.processManagers(which), put),
      () => undefined,
    );
  }

  #ask(what: string, of: Question['of'], then: () => void): void {
    const which = this.#asked++;
    this.waiting.set(which, what);
    this.#try({ what, of, then, which, isAnswered: false }, 0);
  }

  #try(question: Question, repeat: number): void {
    if (question.isAnswered) return;
    const { clock } = this.world;
    const again = (pause: number) => clock.in(pause, undefined, () => this.#try(question, repeat + 1));
    const somebody = question.of(question.which + repeat);
    if (!somebody) return void again(PAUSE_MS);
    const impatience = again(PATIENCE_MS);
    this.world.step(`${somebody.life.name} is asked: ${question.what}`);
    clock.in(1, somebody.life, () => {
      somebody.put().then(
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

const asked = <Program>(
  running: { readonly life: Life; readonly program: Program } | undefined,
  put: (program: Program) => Promise<string>,
): Asked | undefined => running && { life: running.life, put: () => put(running.program) };
