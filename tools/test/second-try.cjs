// Tests that meet real programs and a real kernel share the machine with all that runs beside them: one that fails is tried once
// more, its first error is shown, and the end of the run names it (see tally.mjs). What fails twice has failed.
jest.retryTimes(1, { logErrorsBeforeRetry: true });
