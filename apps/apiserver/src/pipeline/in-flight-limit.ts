import { tooManyRequests } from '@navarch/apimachinery';
import { GROUP_MASTERS, type User } from './user';

export interface InFlightLimits {
  /** Requests that only read; 0 for no limit. */
  readonly readOnly: number;
  readonly mutating: number;
}

/** Bounds the requests under way, as upstream's max-in-flight filter. Watches and connections do not count. */
export class InFlightLimit {
  private reading = 0;
  private writing = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: InFlightLimits) {}

  get current(): { readOnly: number; mutating: number } {
    return { readOnly: this.reading, mutating: this.writing };
  }

  /** Resolves as soon as none is under way. */
  idle(): Promise<void> {
    return this.reading === 0 && this.writing === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  /** @throws tooManyRequests when full; the caller calls `leave` exactly once otherwise */
  enter(mutating: boolean, user: User): void {
    const limit = mutating ? this.limits.mutating : this.limits.readOnly;
    const present = mutating ? this.writing : this.reading;
    // The administrators' door stays open, or nobody could mend an overload.
    if (limit > 0 && present >= limit && !user.groups.includes(GROUP_MASTERS)) throw tooManyRequests('Too many requests, please try again later.', 1);
    if (mutating) this.writing++;
    else this.reading++;
  }

  leave(mutating: boolean): void {
    if (mutating) this.writing--;
    else this.reading--;
    if (this.reading === 0 && this.writing === 0) for (const tell of this.waiting.splice(0)) tell();
  }
}
