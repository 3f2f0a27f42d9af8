import { type Eventually } from './transformer';

/** What is made of a value or of its failure: at once if the value is there at once. */
export function mapEventually<T, R>(make: () => Eventually<T>, then: (value: T) => R, failed: (error: Error) => Eventually<R>): Eventually<R> {
  let made: Eventually<T>;
  try {
    made = make();
  } catch (error) {
    return failed(asError(error));
  }
  return made instanceof Promise ? made.then(then, (error: unknown) => failed(asError(error))) : then(made);
}

/** All values: at once if all are there at once. */
export function allOf<T>(values: readonly Eventually<T>[]): Eventually<T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as T[]);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
