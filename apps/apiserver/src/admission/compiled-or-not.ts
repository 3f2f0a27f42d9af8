import { CompileError } from '@navarch/cel';

/** What another server has stored and this one does not understand is to fail alone. */
export function compiledOrNot<T>(work: () => T): T | CompileError {
  try {
    return work();
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
}
