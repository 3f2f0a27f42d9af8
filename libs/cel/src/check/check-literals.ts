import { compilePattern } from '../functions/regex';
import { type CallExpr, childrenOf, type Expr, type Literal } from '../syntax/expr';
import type { SourceIssue } from '../syntax/source-error';
import { EvalError } from '../values/eval-error';
import { parseDuration, parseTimestamp, timestampOf } from '../values/time';

// Mirrors the AST validators of cel-go's cel/validator.go that Kubernetes asks for: of functions whose argument is written out, those that could only fail.

/** False, or an EvalError, for what is none. */
type Check = (literal: Literal) => boolean;

const made = (work: () => unknown): boolean => work() !== undefined;

const SECOND = 1_000_000_000n;
const CHECKS: Readonly<Record<string, Check>> = {
  duration: ({ type, value }) => type !== 'string' || made(() => parseDuration(value)),
  timestamp: ({ type, value }) => (type === 'string' ? made(() => parseTimestamp(value)) : type !== 'int' || made(() => timestampOf(value * SECOND))),
  matches: ({ type, value }) => type !== 'string' || made(() => compilePattern(value)),
};

/** What is wrong with the literals of an expression, by where they stand. */
export function checkLiterals(expr: Expr): SourceIssue[] {
  return [...(expr.kind === 'call' ? checkCall(expr) : []), ...childrenOf(expr).flatMap(checkLiterals)];
}

function checkCall({ name, args: [first] }: CallExpr): SourceIssue[] {
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
  return check && first?.kind === 'const' && !passes(check, first.literal) ? [{ at: first.at, message: `invalid ${name} argument` }] : [];
}

function passes(check: Check, literal: Literal): boolean {
  try {
    return check(literal);
  } catch (error) {
    if (error instanceof EvalError) return false;
    throw error;
  }
}
