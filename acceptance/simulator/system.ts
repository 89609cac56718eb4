import { oneLine } from '@orders/shared-events/transport/one-line.js';
import type { LogSink } from '@orders/shared-events/transport/observability.js';
import { CommandSideInstance } from './command-side.js';
import { Life } from './life.js';
import type { Plan } from './plan.js';
import { ProcessManagersInstance } from './process-managers.js';
import type { World } from './world.js';

type Program = CommandSideInstance | ProcessManagersInstance;

/** One process of the system, through all its lives: whoever runs it starts it again when it has ended. */
interface Slot {
  readonly name: string;
  readonly make: (life: Life) => Program;
  readonly skewMs: number;
  life: Life;
  program: Program | undefined;
}

interface Running<Kind extends Program> {
  readonly life: Life;
  readonly program: Kind;
}

const ABSENCE_MS = 100;

/** The processes, and what befalls them. */
export class System {
  readonly #slots: Slot[];

  constructor(
    private readonly world: World,
    plan: Plan,
  ) {
    const slotOf = (make: Slot['make']) => (name: string) => ({
      ...{ name, make, program: undefined },
      skewMs: plan.skewsMs[name] ?? 0,
      life: new Life(name, () => undefined),
    });
    this.#slots = [
      ...plan.commandSides.map(slotOf((life) => this.#commandSide(life, plan))),
      ...plan.processManagers.map(slotOf((life) => this.#processManagers(life, plan))),
    ];
    for (const slot of this.#slots) this.#start(slot);
  }

  /** A command side that runs, with its life; undefined where none does. */
  commandSide(which: number): Running<CommandSideInstance> | undefined {
    return this.#running(which, (program) => program instanceof CommandSideInstance);
  }

  /** Likewise. */
  processManagers(which: number): Running<ProcessManagersInstance> | undefined {
    return this.#running(which, (program) => program instanceof ProcessManagersInstance);
  }

  #running<Kind extends Program>(
    which: number,
    isOne: (program: Program | undefined) => program is Kind,
  ): Running<Kind> | undefined {
    const running = this.#slots.flatMap(({ life, program }) =>
      life.alive && isOne(program) ? [{ life, program }] : [],
    );
    return running[which % Math.max(1, running.length)];
  }

  crash(name: string): void {
    this.#slotOf(name)?.life.end();
  }

  /** As on SIGTERM: what is in hand is finished first. */
  restart(name: string): void {
    const { life, program } = this.#slotOf(name) ?? {};
    if (!life?.alive || !program) return;
    this.world.clock.in(0, life, () => {
      const end = (): void => life.end();
      void program.stop().then(end, end);
    });
  }

  /** It stands still, as a process does that is swapped out, and goes on as if nothing had been. */
  freeze(name: string, ms: number): void {
    const life = this.#slotOf(name)?.life;
    if (life) life.frozenUntil = Math.max(life.frozenUntil, this.world.clock.now + ms);
  }

  #slotOf(name: string): Slot | undefined {
    return this.#slots.find((slot) => slot.name === name);
  }

  #start(slot: Slot): void {
    const { clock } = this.world;
    slot.life = new Life(slot.name, () => this.#ended(slot), slot.skewMs);
    const { life } = slot;
    clock.in(0, life, () => {
      slot.program = slot.make(life);
      this.world.step(`${slot.name} starts`);
      slot.program.start().catch((error: unknown) => {
        this.world.trace.line(() => clock.now, `  ${slot.name} does not start: ${String(error)}`);
        life.end();
      });
    });
  }

  #ended(slot: Slot): void {
    const { clock, faults, presence } = this.world;
    this.world.step(`${slot.name} ends`);
    presence.leave(slot.life);
    slot.program = undefined;
    clock.in(ABSENCE_MS + faults.at('restart', slot.name).back, undefined, () => this.#start(slot));
  }

  #commandSide(life: Life, { reconciles }: Plan): Program {
    const { store, bus, provider } = this.world;
    const parts = { store, bus, provider, reconciles, logger: this.#logger(life) };
    return new CommandSideInstance(parts, life);
  }

  #processManagers(life: Life, { settings }: Plan): Program {
    const { store, bus, database, network } = this.world;
    const parts = { store, bus, settings, logger: this.#logger(life) };
    return new ProcessManagersInstance({ ...parts, database: { database, network } }, life);
  }

  /** What a process says is part of the trace, as long as it lives. */
  #logger(life: Life): LogSink {
    const { trace, clock } = this.world;
    const say =
      (level: string) =>
      (about: unknown, message?: unknown): void => {
        if (!life.alive) return;
        trace.line(() => clock.now, `  ${life.name} says ${level}: ${said(about, message)}`);
      };
    return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  }
}

function said(about: unknown, message: unknown): string {
  if (typeof message !== 'string') return JSON.stringify(about);
  const error = typeof about === 'object' && about !== null && 'err' in about ? about.err : undefined;
  return error === undefined ? message : `${message}: ${oneLine(error)}`;
}
