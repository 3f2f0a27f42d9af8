import { type Clock, type Timer } from '@navarch/clock';

import type { SimulatedProgram } from '../shell/simulated-process';
import type { LogStream } from './container-log';

export interface ProgramOutput {
  print(stream: LogStream, text: string): void;
  exited(code: number): void;
}

/** Steps taken in one turn of the loop before others get theirs. */
const STEPS_PER_TURN = 1000;

/**
 * Runs a simulated program in real time. With `alreadyRanMs` it first replays what the program did before this
 * process was restarted, silently: a container outlives its runtime.
 */
export class ProgramRunner {
  #timer: Timer | undefined;
  #stopped = false;
  #replayMs: number;

  constructor(
    private readonly program: SimulatedProgram,
    private readonly output: ProgramOutput,
    private readonly clock: Clock,
    alreadyRanMs = 0,
  ) {
    this.#replayMs = alreadyRanMs;
  }

  start(): void {
    this.#run();
  }

  /** Nothing more is printed or reported. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #run(): void {
    for (let steps = 0; !this.#stopped; steps++) {
      if (steps >= STEPS_PER_TURN) {
        this.#wait(0);
        return;
      }
      const step = this.program.next();
      if (step.done) {
        this.#stopped = true;
        this.output.exited(step.value);
        return;
      }
      if (step.value.do === 'print') {
        if (this.#replayMs <= 0) this.output.print(step.value.to, step.value.text);
      } else if (this.#replayMs >= step.value.ms) {
        this.#replayMs -= step.value.ms;
      } else {
        const left = step.value.ms - Math.max(0, this.#replayMs);
        this.#replayMs = 0;
        if (left === Infinity) return;
        this.#wait(left);
        return;
      }
    }
  }

  #wait(ms: number): void {
    this.#timer = this.clock.setTimeout(() => {
      this.#run();
    }, ms);
  }
}
