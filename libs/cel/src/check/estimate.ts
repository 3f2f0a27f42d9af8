import { STEP_COSTS } from '../run/fold';
import type { CallExpr, Expr, FoldExpr } from '../syntax/expr';
import type { Checked } from './check';
import type { Overload, SizeFunction } from '../functions/overload';

// Costs mirror cel-go's checker/cost.go: what an expression costs at least and at most, given how large its inputs may be.

/** At least and at most. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

const UNKNOWN: Range = { min: 0, max: 2 ** 64 };
const exactly = (value: number): Range => ({ min: value, max: value });
const add = (...ranges: readonly Range[]): Range => ranges.reduce((sum, range) => ({ min: sum.min + range.min, max: sum.max + range.max }), exactly(0));
const multiply = (a: Range, b: Range): Range => ({ min: a.min * b.min, max: a.max * b.max });
const either = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });

/** What evaluating an expression may cost. */
export function estimateCost(checked: Checked): Range {
  return new Estimator(checked).cost(checked.expr);
}

class Estimator {
  private readonly sizes = new Map<Expr, Range>();

  constructor(private readonly checked: Checked) {}

  cost(expr: Expr): Range {
    switch (expr.kind) {
      case 'const':
        return exactly(0);
      case 'ident':
        return exactly(1);
      case 'select':
        return this.checked.nameOf(expr) === undefined ? add(this.cost(expr.operand), exactly(1)) : exactly(1);
      case 'call':
        return this.call(expr);
      case 'list':
        return add(exactly(10), ...expr.elements.map(({ value }) => this.cost(value)));
      case 'map':
        return add(exactly(30), ...expr.entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)]));
      case 'struct':
        return add(exactly(40), ...expr.fields.map(({ value }) => this.cost(value)));
      case 'fold':
        return this.fold(expr);
    }
  }

  private call(expr: CallExpr): Range {
    const { name, args, target } = expr;
    const [first = exactly(0), second = exactly(0), third = exactly(0)] = args.map((arg) => this.cost(arg));
    if (name === '_&&_' || name === '_||_') return { min: first.min, max: first.max + second.max };
    if (name === '_?_:_') return add(first, either(second, third));
    const parts = partsOf(expr, this.checked);
    const own = this.checked.overloadsOf(expr).map(({ cost }) => (cost ? this.bounded(cost, parts) : exactly(1)));
    const highest = own.length === 0 ? exactly(1) : own.reduce(either);
    const inputs = target && this.checked.nameOf(expr) === undefined ? [this.cost(target)] : [];
    return add(...inputs, ...args.map((arg) => this.cost(arg)), { min: Math.max(1, highest.min), max: Math.max(1, highest.max) });
  }

  private bounded(grows: SizeFunction, parts: readonly Expr[]): Range {
    const sizes = parts.map((part) => this.size(part));
    return { min: grows(...sizes.map(({ min }) => min)), max: grows(...sizes.map(({ max }) => max)) };
  }

  private fold(expr: FoldExpr): Range {
    const { range, condition, body, macro } = expr;
    const parts = [...(condition ? [this.cost(condition)] : []), ...(body ? [this.cost(body)] : [])];
    if (macro === 'optMap' || macro === 'optFlatMap') return add(this.cost(range), exactly(STEP_COSTS[macro]), ...parts);
    const step = add(exactly(STEP_COSTS[macro]), ...parts);
    const times = this.size(range);
    // One element may decide.
    const least = macro === 'all' || macro === 'exists' ? Math.min(times.min, 1) : times.min;
    return add(this.cost(range), exactly(1), multiply({ min: least, max: times.max }, step));
  }

  /** How large the value of an expression may be. */
  private size(expr: Expr): Range {
    const known = this.sizes.get(expr);
    if (known) return known;
    const made = this.sizeFor(expr);
    this.sizes.set(expr, made);
    return made;
  }

  private sizeFor(expr: Expr): Range {
    if (expr.kind === 'const') return exactly(expr.literal.type === 'string' || expr.literal.type === 'bytes' ? expr.literal.value.length : 1);
    if (expr.kind === 'call') {
      const found = this.sizeOfCall(expr);
      if (found) return found;
    }
    if (expr.kind === 'fold' && ['filter', 'map', 'transformList', 'transformMap', 'transformMapEntry'].includes(expr.macro)) {
      const { min, max } = this.size(expr.range);
      return { min: expr.condition ? 0 : min, max };
    }
    const type = this.checked.typeOf(expr);
    if (expr.kind === 'list' || expr.kind === 'map') return { min: 0, max: expr.kind === 'list' ? expr.elements.length : expr.entries.length };
    switch (type.kind) {
      case 'string':
      case 'bytes':
      case 'list':
      case 'map':
        return type.maxSize === undefined ? UNKNOWN : { min: 0, max: type.maxSize };
      case 'dyn':
        return UNKNOWN;
      default:
        return exactly(1);
    }
  }

  private sizeOfCall(expr: CallExpr): Range | undefined {
    const { name, args: [, second, third] } = expr;
    if (name === '_?_:_' && second && third) return either(this.size(second), this.size(third));
    const sizes = this.checked.overloadsOf(expr).map((one: Overload) => one.size && this.bounded(one.size, partsOf(expr, this.checked)));
    const all = sizes.filter((size) => size !== undefined);
    return all.length > 0 && all.length === sizes.length ? all.reduce(either) : undefined;
  }
}

function partsOf(expr: CallExpr, checked: Checked): readonly Expr[] {
  return expr.target && checked.nameOf(expr) === undefined ? [expr.target, ...expr.args] : expr.args;
}
