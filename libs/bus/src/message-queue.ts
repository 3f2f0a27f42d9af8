import type { QueueLimits } from './types';

/** How long one turn hands messages over before it lets others run. */
const TURN_BUDGET_MS = 5;

export interface MessageQueueDeps {
  readonly limits: QueueLimits;
  readonly deliver: (subject: string, data: Uint8Array) => void;
  readonly onOverflow: () => void;
}

/**
 * Between the socket and a handler: hands messages over in short turns, so that a burst does not hold the thread,
 * and gives up rather than grow when the handler cannot keep up.
 */
export class MessageQueue {
  #messages: { subject: string; data: Uint8Array }[] = [];
  #next = 0;
  #bytes = 0;
  #scheduled = false;
  #closed = false;
  readonly #deps: MessageQueueDeps;

  constructor(deps: MessageQueueDeps) {
    this.#deps = deps;
  }

  get length(): number {
    return this.#messages.length - this.#next;
  }

  push(subject: string, data: Uint8Array): void {
    if (this.#closed) return;
    this.#messages.push({ subject, data });
    this.#bytes += data.length;
    if (this.length > this.#deps.limits.messages || this.#bytes > this.#deps.limits.bytes) {
      this.close();
      this.#deps.onOverflow();
      return;
    }
    this.#schedule();
  }

  /** Drops what is queued; nothing is delivered from now on. */
  close(): void {
    this.#closed = true;
    this.#messages = [];
    this.#next = 0;
    this.#bytes = 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    const end = performance.now() + TURN_BUDGET_MS;
    for (let message = this.#messages[this.#next]; message !== undefined; message = this.#messages[this.#next]) {
      this.#next++;
      this.#bytes -= message.data.length;
      this.#deps.deliver(message.subject, message.data);
      if (performance.now() >= end) break;
    }
    if (this.#closed) return;
    if (this.length > 0) {
      this.#schedule();
      // Give memory back while a long queue drains.
      if (this.#next < 1024) return;
    }
    this.#messages = this.#messages.slice(this.#next);
    this.#next = 0;
  }
}
