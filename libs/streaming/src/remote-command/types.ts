import type { Readable, Writable } from 'node:stream';

/** A terminal's size in characters. */
export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** Which streams a command is run with. With a terminal there is no separate stderr. */
export interface RemoteCommandStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** How a command ended: with a code, or, when `error` is set, not by itself. */
export interface CommandExit {
  readonly code: number;
  readonly error?: string;
}

/**
 * The asking side of exec or attach, whatever carries it: SPDY, WebSocket or gRPC. Streams that were not asked for
 * are undefined. A client that goes away aborts `signal`; the streams never throw for it, what is written is dropped.
 */
export interface RemoteCommandSession {
  readonly streams: RemoteCommandStreams;
  /** What the client sends; ends when the client has closed its side. */
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly signal: AbortSignal;
  /** Calls back with each new size of the terminal, at once with the last one that has come. */
  onResize(listener: (size: TerminalSize) => void): void;
  /** Sends what is left of the output, then how the command ended, and closes. */
  exit(result: CommandExit): Promise<void>;
}

/** The running side: a command somewhere else, whatever carries it. */
export interface RemoteCommand {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  resize(size: TerminalSize): void;
  /** Resolves after all output has been read; never rejects: a lost command is an exit with an error. */
  readonly exited: Promise<CommandExit>;
  /** Gives the command up: its streams are cut. */
  abort(): void;
}

/** Keeps the last size until someone listens. */
export class ResizeEvents {
  #last: TerminalSize | undefined;
  #listener: ((size: TerminalSize) => void) | undefined;

  push(size: TerminalSize): void {
    this.#last = size;
    this.#listener?.(size);
  }

  listen(listener: (size: TerminalSize) => void): void {
    this.#listener = listener;
    if (this.#last) listener(this.#last);
  }
}

/** Reads a resize message as every client writes it: JSON with capital names. Undefined for anything else. */
export function parseTerminalSize(text: string): TerminalSize | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const { Width: width, Height: height } = (value ?? {}) as { Width?: unknown; Height?: unknown };
  const isSize = (number: unknown): number is number => Number.isInteger(number) && (number as number) >= 0 && (number as number) <= 0xffff;
  return isSize(width) && isSize(height) ? { width, height } : undefined;
}

export function formatTerminalSize({ width, height }: TerminalSize): string {
  return `${JSON.stringify({ Width: width, Height: height })}\n`;
}
