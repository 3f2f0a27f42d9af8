import { points } from '../values/points';

/** One thing that is wrong with an expression, and where. */
export interface SourceIssue {
  /** Offset in UTF-16 units. */
  readonly at: number;
  readonly message: string;
}

/** An expression that does not parse or check. The message is what upstream's compiler prints. */
export class CompileError extends Error {
  override readonly name = 'CompileError';

  constructor(
    readonly source: string,
    readonly issues: readonly SourceIssue[],
  ) {
    super(formatIssues(source, issues));
  }

  /** What upstream says of an object that holds the expression. */
  get detail(): string {
    return `compilation failed: ${this.message}`;
  }
}

/** One that checks, but can never be evaluated. */
export class ProgramError extends CompileError {
  constructor(message: string) {
    super('', []);
    this.message = message;
  }

  override get detail(): string {
    return `program instantiation failed: ${this.message}`;
  }
}

/** `ERROR: <input>:1:5: undefined field 'x'`, the line, and a mark below it. */
function formatIssues(source: string, issues: readonly SourceIssue[]): string {
  return issues.map((issue) => formatIssue(source, issue)).join('\n');
}

function formatIssue(source: string, { at, message }: SourceIssue): string {
  const before = source.slice(0, at);
  const line = before.split('\n').length;
  const lineStart = before.lastIndexOf('\n') + 1;
  const column = points(before.slice(lineStart)).length;
  const text = source.slice(lineStart).split('\n', 1)[0] ?? '';
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text.replace(/\t/g, ' ')}\n | ${'.'.repeat(column)}^`;
}
