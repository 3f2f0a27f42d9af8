import { type DestinationStream } from 'pino';

/** What `runProcess` wants of the operating system, so that tests can be one. */
export interface ProcessHost {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logStream?: DestinationStream;
  print(text: string): void;
  printError(text: string): void;
  exit(code: number): void;
  onSignal(handler: (signal: string) => void): void;
  onUncaught(handler: (error: unknown) => void): void;
}

/** The real one. The only reader of process.argv and process.env. */
export const nodeHost: ProcessHost = {
  argv: process.argv.slice(2),
  env: process.env,
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
  exit: (code) => process.exit(code),
  onSignal: (handler) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, handler);
    // The terminal that started us may go away; that is no reason to stop.
    process.on('SIGHUP', () => undefined);
  },
  onUncaught: (handler) => {
    process.on('uncaughtException', handler);
    process.on('unhandledRejection', handler);
  },
};
