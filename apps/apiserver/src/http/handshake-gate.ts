import type { Socket } from 'node:net';

/** A handshake costs milliseconds of this one thread: a storm of them must not starve the requests (rules 6.7). */
const PER_SECOND = 200;
const TICK_MS = 50;
/** Beyond this the clients have given up by the time it is their turn. */
const MAX_WAITING = 10_000;

/** Lets connections into TLS at no more than 200 a second. */
export class HandshakeGate {
  private budget = PER_SECOND / 10;
  private readonly waiting: Socket[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly admit: (socket: Socket) => void) {}

  enter(socket: Socket): void {
    if (this.budget > 0 && this.waiting.length === 0) {
      this.budget--;
      this.admit(socket);
    } else if (this.waiting.length >= MAX_WAITING) {
      socket.destroy();
      return;
    } else this.waiting.push(socket);
    this.timer ??= setInterval(() => this.tick(), TICK_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
    for (const socket of this.waiting.splice(0)) socket.destroy();
  }

  private tick(): void {
    this.budget = Math.min(this.budget + (PER_SECOND * TICK_MS) / 1000, PER_SECOND / 10);
    while (this.budget > 0) {
      const next = this.waiting.shift();
      if (!next) break;
      if (next.destroyed) continue;
      this.budget--;
      this.admit(next);
    }
    if (this.waiting.length > 0 || this.budget < PER_SECOND / 10) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
