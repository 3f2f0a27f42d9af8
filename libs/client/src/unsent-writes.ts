import type { objectv1 } from '@navarch/proto';

/** A frame is closed when its bodies exceed this; gRPC servers refuse messages over 4 MiB. */
const MAX_FRAME_BYTES = 1024 * 1024;
/** How many background writes may be under way while others are, and while there are none: the server's other callers have their turn too. */
const BACKGROUND = { beside: 1, alone: 32 };

export type WriteOperation = NonNullable<objectv1.WriteItem['operation']>;

export interface UnsentWrite {
  readonly operation: WriteOperation;
  /** Nobody waits for it: it gives way to the others. */
  readonly background: boolean;
  /** Answered, given up or aborted. */
  readonly done: boolean;
}

/** What is under way. */
export interface UnderWay {
  readonly background: number;
  readonly others: number;
}

/** Writes that have not been sent: those in the background go one at a time, until nothing else is to be sent or under way. */
export class UnsentWrites<W extends UnsentWrite> {
  #others: W[] = [];
  #background: W[] = [];

  get length(): number {
    return this.#others.length + this.#background.length;
  }

  add(write: W): void {
    (write.background ? this.#background : this.#others).push(write);
  }

  /** Whether any may be sent now. */
  hasNext(underWay: UnderWay): boolean {
    return this.#others.length > 0 || (this.#background.length > 0 && mayFollow(underWay) > 0);
  }

  /** The next frame. */
  take({ background, others }: UnderWay): W[] {
    const frame: W[] = [];
    let bytes = 0;
    const move = (from: readonly W[], most: number): W[] => {
      const end = frame.length + most;
      let taken = 0;
      for (const write of from) {
        const size = write.done ? 0 : sizeOf(write.operation);
        if (frame.length >= end || (frame.length > 0 && bytes + size > MAX_FRAME_BYTES)) break;
        taken++;
        bytes += size;
        if (!write.done) frame.push(write);
      }
      return from.slice(taken);
    };
    if (this.#others.length > 0) this.#others = move(this.#others, Number.POSITIVE_INFINITY);
    if (this.#background.length > 0 && this.#others.length === 0) this.#background = move(this.#background, mayFollow({ background, others: others + frame.length }));
    return frame;
  }

  /** Takes out what has been given up meanwhile. @param look given each */
  sweep(look: (write: W) => void): void {
    const keep = (write: W): boolean => {
      look(write);
      return !write.done;
    };
    this.#others = this.#others.filter(keep);
    this.#background = this.#background.filter(keep);
  }
}

const mayFollow = ({ background, others }: UnderWay): number => (others > 0 ? BACKGROUND.beside : BACKGROUND.alone) - background;

function sizeOf(operation: WriteOperation): number {
  switch (operation.$case) {
    case 'create':
    case 'update':
      return operation.value.object.length;
    case 'patch':
      return operation.value.patch.length;
    case 'delete':
      return operation.value.options.length;
  }
}
