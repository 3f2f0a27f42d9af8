import pc from 'picocolors';
import type { Clock } from '@navarch/clock';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 80;
/** Without a terminal: how long a step may be silent before it says what it waits for, and how often it says so. */
const patienceMs = 5_000;

/** Where progress is shown; `process.stdout` is one. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

interface Step {
  readonly title: string;
  readonly startedAt: number;
  detail: string;
  saidAt: number;
  said: string;
}

/**
 * Shows steps that may run side by side: on a terminal as lines that turn into a tick, elsewhere as one line when a
 * step is done, and now and then one about what a long step waits for.
 */
export class Progress {
  readonly #running = new Set<Step>();
  #drawn = 0;
  #frame = 0;
  #timer: { cancel(): void } | undefined;

  constructor(private readonly output: ProgressOutput, private readonly clock: Clock) {}

  /** Runs a step; `say` tells what it waits for. */
  async step<T>(title: string, run: (say: (detail: string) => void) => Promise<T> | T): Promise<T> {
    const now = this.clock.now();
    const step: Step = { title, startedAt: now, detail: '', saidAt: now, said: '' };
    this.#running.add(step);
    this.#tick();
    try {
      const result = await run((detail) => {
        step.detail = detail;
        if (!this.output.isTTY) this.#mention(step);
      });
      this.#end(step, pc.green('✔'));
      return result;
    } catch (error) {
      this.#end(step, pc.red('✖'));
      throw error;
    }
  }

  #end(step: Step, mark: string): void {
    this.#running.delete(step);
    const seconds = ((this.clock.now() - step.startedAt) / 1000).toFixed(1);
    this.#redraw(`${mark} ${step.title} ${pc.dim(`(${seconds} s)`)}\n`);
    if (this.#running.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Without a terminal every word is a line: only news, and only when it takes long. */
  #mention(step: Step): void {
    const now = this.clock.now();
    if (step.detail === step.said || now - step.saidAt < patienceMs) return;
    step.said = step.detail;
    step.saidAt = now;
    this.output.write(`  ${step.title}: ${step.detail}\n`);
  }

  #tick(): void {
    if (!this.output.isTTY || this.#timer !== undefined) return;
    const next = (): void => {
      this.#redraw('');
      this.#frame = (this.#frame + 1) % frames.length;
      this.#timer = this.clock.setTimeout(next, frameMs);
    };
    next();
  }

  /** Writes lines that stay, and below them the steps that run. */
  #redraw(lines: string): void {
    if (!this.output.isTTY) {
      this.output.write(lines);
      return;
    }
    const width = this.output.columns ?? 80;
    const running = [...this.#running].map((step) => {
      const text = step.detail === '' ? step.title : `${step.title}: ${step.detail}`;
      return `${pc.cyan(frames[this.#frame] ?? '')} ${text.length > width - 3 ? `${text.slice(0, width - 4)}…` : text}\n`;
    });
    this.output.write(`${this.#drawn > 0 ? `\u001b[${this.#drawn}A\u001b[0J` : ''}${lines}${running.join('')}`);
    this.#drawn = running.length;
  }
}
