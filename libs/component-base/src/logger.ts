import { destination, pino, stdTimeFunctions, type DestinationStream, type LevelWithSilent, type Logger as PinoLogger } from 'pino';
import { describeError, presentForLog } from './log-values';

export type Logger = PinoLogger;
export type LogLevel = LevelWithSilent;

export interface LoggerOptions {
  readonly level?: LogLevel;
  /** Where lines go; stderr unless told. */
  readonly stream?: DestinationStream;
}

/**
 * A JSON logger to stderr. Messages are constant, data goes in fields: `log.info({ pod }, 'pod bound')`. An API object
 * in a field is reduced to kind, namespace, name and uid; fields named like secrets are hidden at any depth.
 */
export function createLogger(component: string, options: LoggerOptions = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { component },
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: describeError },
      formatters: {
        level: (label) => ({ level: label }),
        log: presentForLog,
      },
    },
    // Synchronous, so that the last words of a dying process are not lost.
    options.stream ?? destination({ dest: 2, sync: true }),
  );
}

/** For tests and optional loggers. */
export const silentLogger: Logger = pino({ level: 'silent' });

/** The level for upstream's `-v`: 0 to 3 info, 4 and 5 debug, above that trace. */
export function levelOfVerbosity(verbosity: number): LogLevel {
  if (verbosity >= 6) return 'trace';
  return verbosity >= 4 ? 'debug' : 'info';
}
