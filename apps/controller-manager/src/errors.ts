/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function asError(error: unknown): Error | undefined {
  return error === undefined || error instanceof Error ? error : new Error(messageOf(error));
}

/** The first failure among outcomes that were waited for together. */
export function firstFailure(outcomes: readonly PromiseSettledResult<unknown>[]): Error | undefined {
  return asError(outcomes.find((outcome) => outcome.status === 'rejected')?.reason);
}

/** What several failures say together, by upstream's Aggregate: each once, in brackets if there is more than one. */
export function aggregateMessage(messages: Iterable<string>): string {
  const different = [...new Set(messages)];
  return different.length === 1 ? different.join() : `[${different.join(', ')}]`;
}

/** For `catch`: nothing for an error that is expected; any other goes on. */
export function unless(isExpected: (error: unknown) => boolean): (error: unknown) => undefined {
  return (error) => {
    if (!isExpected(error)) throw error;
    return undefined;
  };
}
