import { check } from './check/check';
import type { Declarations } from './check/declarations';
import { estimateCost } from './check/estimate';
import type { Range } from './check/range';
import { AwaitedAnswer } from './functions/authorizer';
import { PER_CALL_LIMIT } from './limits';
import { planOf } from './run/plan';
import { type Activation, Run } from './run/run';
import { parse } from './syntax/parse';
import { CompileError } from './syntax/source-error';
import { type CelType, formatType } from './types/cel-type';
import type { Value } from './values/value';
import { WORK_PER_COST, withWork } from './values/work';

/** What a compiled expression can see, and what it must come to. */
export interface Environment {
  readonly declarations: Declarations;
  /** By kind; undefined: anything. */
  readonly results?: readonly CelType['kind'][];
}

/** The outcome of an evaluation, and what it has cost. */
export interface Evaluation {
  readonly value: Value;
  readonly cost: number;
}

/** An expression ready to be evaluated, any number of times. */
export interface Program {
  readonly source: string;
  readonly type: CelType;
  /** Whether the expression names a variable. */
  uses(variable: string): boolean;
  /** What an evaluation may cost, by the sizes that the declarations allow. `root` as for estimateCost. */
  estimate(root?: CelType): Range;
  /**
   * Evaluates within `min(budget, PER_CALL_LIMIT)`. Synchronous: an authorizer that takes its time needs `evaluateLater`.
   * @throws EvalError, CostExceeded
   */
  evaluate(activation: Activation, budget?: number): Evaluation;
  /** As `evaluate`, and waits for the authorizer. */
  evaluateLater(activation: Activation, budget?: number): Promise<Evaluation>;
}

/** Parses and checks an expression. @throws CompileError with upstream's text */
export function compile(source: string, { declarations, results }: Environment): Program {
  const used = new Set<string>();
  const checked = check(parse(source), source, {
    ...declarations,
    variable: (name) => {
      const found = declarations.variable(name);
      if (found) used.add(name);
      return found;
    },
    ...(declarations.struct ? { struct: (name) => declarations.struct?.(name) } : {}),
  });
  const { type } = checked;
  if (results && type.kind !== 'dyn' && !results.includes(type.kind)) throw new ResultTypeError(source, type, results);
  const plan = planOf(checked);
  const evaluate = (activation: Activation, budget = PER_CALL_LIMIT): Evaluation => {
    const limit = Math.min(budget, PER_CALL_LIMIT);
    const run = new Run(activation, limit);
    const value = withWork(limit * WORK_PER_COST, () => plan(run, undefined));
    return { value, cost: run.cost };
  };
  return {
    source, type,
    uses: (variable) => used.has(variable),
    estimate: (root) => estimateCost(checked, root),
    evaluate,
    evaluateLater: async (activation, budget) => {
      for (;;) {
        try {
          return evaluate(activation, budget);
        } catch (error) {
          if (!(error instanceof AwaitedAnswer)) throw error;
          await error.answer;
        }
      }
    },
  };
}

/** The expression is well-formed, but comes to a wrong type. */
export class ResultTypeError extends CompileError {
  constructor(source: string, type: CelType, results: readonly string[]) {
    super(source, []);
    const names = results.map((name) => (name === 'null' ? 'null_type' : name));
    const wanted = names.length === 1 ? (names[0] ?? '') : `one of [${names.join(' ')}]`;
    this.message = `must evaluate to ${wanted} but got ${formatType(type)}`;
  }

  override get detail(): string {
    return this.message;
  }
}
