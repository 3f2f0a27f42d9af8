import { type nodev1 } from '@navarch/proto';

// Exec and attach of the node service have the same messages but for how they start.

export type CommandInput<S> = { input: { $case: 'start'; value: S } | Exclude<NonNullable<nodev1.ExecRequest['input']>, { $case: 'start' }> | undefined };
export type CommandOutput = nodev1.ExecResponse;

/** The part of a start message that says which streams there are. */
export interface CommandStart {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}
