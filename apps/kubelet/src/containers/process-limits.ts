import { ContainerConfigError } from './config-error';

/** Linux's MAX_ARG_STRLEN: no argument and no variable that is longer can be given to a process. */
export const longestText = 128 * 1024;

/** Three quarters of Linux's _STK_LIM: all arguments and variables of a process together, whatever its stack may be. */
const mostBytes = 6 * 2 ** 20;

/**
 * Counts what a process is to be given, and throws when that is more than any can be. Without this, references from one variable to
 * another could make a small spec fill the node's memory.
 */
export class TextBudget {
  #bytes = 0;

  constructor(private readonly what: string) {}

  /** Throws ContainerConfigError. */
  add(text: string): void {
    this.#bytes += Buffer.byteLength(text) + 1;
    if (this.#bytes > mostBytes) throw new ContainerConfigError(`${this.what} are larger than ${mostBytes} bytes together: no process can be given them`);
  }
}
