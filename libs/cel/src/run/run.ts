import { CostExceeded } from '../values/eval-error';
import type { Value } from '../values/value';

/** The value of a variable; undefined when there is none of the name. */
export type Activation = (name: string) => Value | undefined;

/** One evaluation: what it may read, and what it has cost. */
export class Run {
  cost = 0;

  constructor(
    readonly activation: Activation,
    private readonly limit: number,
  ) {}

  /** @throws CostExceeded */
  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) throw new CostExceeded();
  }
}

/** Variables that macros bind, the innermost first. */
export interface Frame {
  readonly name: string;
  readonly value: Value;
  readonly outer: Frame | undefined;
}

export function lookUp(frame: Frame | undefined, name: string): Value | undefined {
  for (let at = frame; at; at = at.outer) if (at.name === name) return at.value;
  return undefined;
}

/** A part of an expression, ready to be evaluated. @throws EvalError, CostExceeded */
export type Plan = (run: Run, frame: Frame | undefined) => Value;
