/** What a simulated program does next. */
export type Step =
  | { readonly do: 'print'; readonly to: 'stdout' | 'stderr'; readonly text: string }
  | { readonly do: 'sleep'; readonly ms: number };

/** A program: steps pulled one by one, so that an endless loop costs nothing until its next turn. Returns the exit code. */
export type SimulatedProgram = Generator<Step, number, void>;

/** What a simulated program can see. */
export interface ProcessContext {
  readonly hostname: string;
  readonly env: ReadonlyMap<string, string>;
  readonly workingDir: string;
  /** Files the container has written itself. */
  readonly files: Map<string, string>;
  /** Reads a file that the container did not write: its mounts and what the runtime provides. */
  readFile(path: string): string | undefined;
}

/** How a command line would run: as a program, as something that reads its input, or not at all. */
export type Resolution =
  | {
      readonly kind: 'program';
      /** Starts it; a script calls `onExit` when it ends by `exit`, which an interactive shell does with it. */
      start(onExit?: () => void): SimulatedProgram;
    }
  /** Copies its standard input to its standard output. */
  | { readonly kind: 'cat' }
  /** Reads command lines from its standard input. */
  | { readonly kind: 'shell' }
  /** Exists in a real container, but the simulation cannot say what it does. */
  | { readonly kind: 'unknown' };
