import type { CallExpr, Expr, FoldExpr, FoldMacro, SelectExpr } from '../syntax/expr';
import type { CelType } from '../types/cel-type';
import { pointIndex } from '../values/points';
import type { Checked } from './check';
import { type CallEstimate, estimateCall, type Operand } from './estimate-call';
import { add, byFactor, either, exactly, multiply, type Range, UNKNOWN } from './range';

// Mirrors cel-go's checker/cost.go: what an expression costs at least and at most, given how large its inputs may be. Kubernetes lets has() cost nothing.

const LIST = 10;
const MAP = 30;
const STRUCT = 40;

/** What the loop that a macro stands for costs: once, and for each element besides the macro's own parts. What is left out by a condition costs no more than going on. */
interface Loop {
  readonly once: number;
  readonly step: number;
}

const LOOPS: Readonly<Record<Exclude<FoldMacro, 'optFlatMap' | 'optMap'>, Loop>> = {
  all: { once: 1, step: 3 },
  exists: { once: 1, step: 4 },
  existsOne: { once: 2, step: 2 },
  filter: { once: LIST + 1, step: LIST + 3 },
  map: { once: LIST + 1, step: LIST + 2 },
  sortBy: { once: LIST + 1, step: LIST + 2 },
  transformList: { once: LIST + 1, step: LIST + 2 },
  transformMap: { once: MAP + 1, step: 3 },
  transformMapEntry: { once: MAP + 1, step: 2 },
};

/** The variables of the macros around, and what they are elements of. */
interface Scope {
  readonly names: readonly string[];
  readonly range: Expr;
  readonly outer: Scope | undefined;
}

/**
 * What evaluating an expression may cost.
 * @param root whose schema sizes are looked up in, as upstream does it for rules of custom resources: elements of what is nowhere in it, such as `self.split(',')[0]`, are taken to be as large as the root itself
 */
export function estimateCost(checked: Checked, root?: CelType): Range {
  return new Estimator(checked, root).cost(checked.expr);
}

class Estimator {
  private readonly costs = new Map<Expr, Range>();
  private readonly calls = new Map<CallExpr, CallEstimate>();

  private scope: Scope | undefined;

  constructor(
    private readonly checked: Checked,
    private readonly root: CelType | undefined,
  ) {}

  cost(expr: Expr): Range {
    const known = this.costs.get(expr);
    if (known) return known;
    const made = this.costFor(expr);
    this.costs.set(expr, made);
    return made;
  }

  private costFor(expr: Expr): Range {
    switch (expr.kind) {
      case 'const':
        return exactly(0);
      case 'ident':
        return exactly(1);
      case 'select':
        return this.select(expr);
      case 'call':
        return this.call(expr);
      case 'list':
        return add(exactly(LIST), ...expr.elements.map(({ value }) => this.cost(value)));
      case 'map':
        return add(exactly(MAP), ...expr.entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)]));
      case 'struct':
        return add(exactly(STRUCT), ...expr.fields.map(({ value }) => this.cost(value)));
      case 'fold':
        return this.fold(expr);
    }
  }

  private select(expr: SelectExpr): Range {
    if (this.checked.nameOf(expr) !== undefined) return exactly(1);
    const operand = this.cost(expr.operand);
    if (expr.test) return operand;
    const { kind } = this.checked.typeOf(expr.operand);
    return expr.optional || kind === 'map' || kind === 'object' || kind === 'param' ? add(operand, exactly(1)) : operand;
  }

  private call(expr: CallExpr): Range {
    const { name, args } = expr;
    const [first = exactly(0), second = exactly(0), third = exactly(0)] = args.map((arg) => this.cost(arg));
    if (name === '_&&_' || name === '_||_') return { min: first.min, max: first.max + second.max };
    if (name === '_?_:_') return add(first, either(second, third));
    return add(this.callItself(expr).cost, ...partsOf(expr, this.checked).map((part) => this.cost(part)));
  }

  private callItself(expr: CallExpr): CallEstimate {
    const known = this.calls.get(expr);
    if (known) return known;
    const made = estimateCall(this.checked.overloadsOf(expr), partsOf(expr, this.checked).map((part) => this.operand(part)));
    this.calls.set(expr, made);
    return made;
  }

  private operand(expr: Expr): Operand {
    const type = this.checked.typeOf(expr);
    return {
      type, size: this.size(expr), itemSize: type.kind === 'list' ? sizeOfType(type.items) : UNKNOWN,
      literal: expr.kind === 'const' && (expr.literal.type === 'int' || expr.literal.type === 'uint') ? Number(expr.literal.value) : undefined,
    };
  }

  private fold({ macro, range, condition, body, vars }: FoldExpr): Range {
    const ranged = this.cost(range);
    const outer = this.scope;
    this.scope = { names: vars, range, outer };
    const parts = [...(condition ? [this.cost(condition)] : []), ...(body ? [this.cost(body)] : [])];
    this.scope = outer;
    // There is a value twice: once to see whether there is one.
    if (macro === 'optMap' || macro === 'optFlatMap') {
      const bound = add(exactly(LIST + 1), ranged, ...parts);
      return add(ranged, exactly(1), either(macro === 'optMap' ? add(bound, exactly(1)) : bound, exactly(1)));
    }
    const { once, step } = LOOPS[macro];
    const loop = add(ranged, exactly(once), multiply(this.size(range), add(exactly(step), ...parts)));
    return macro === 'sortBy' ? add(loop, this.sorting(range, body)) : loop;
  }

  /** Each key is compared with each. */
  private sorting(range: Expr, key: Expr | undefined): Range {
    const size = this.size(range);
    const { kind } = key ? this.checked.typeOf(key) : { kind: 'dyn' };
    return add(byFactor(multiply(size, size), kind === 'string' || kind === 'bytes' ? 2.1 : 2), exactly(2 * LIST + 3));
  }

  /** How large the value of an expression may be. */
  private size(expr: Expr): Range {
    switch (expr.kind) {
      case 'const':
        return exactly(expr.literal.type === 'string' ? pointIndex(expr.literal.value).length : expr.literal.type === 'bytes' ? expr.literal.value.length : 1);
      case 'list':
        return exactly(expr.elements.length);
      case 'map':
        return exactly(expr.entries.length);
      case 'call': {
        const [, second, third] = expr.args;
        if (expr.name === '_?_:_' && second && third) return either(this.size(second), this.size(third));
        return this.callItself(expr).size ?? this.sizeByPath(expr);
      }
      case 'fold':
        return ['filter', 'map', 'sortBy', 'transformList', 'transformMap', 'transformMapEntry'].includes(expr.macro) ? this.size(expr.range) : sizeOfType(this.checked.typeOf(expr));
      default:
        return this.sizeByPath(expr);
    }
  }

  private sizeByPath(expr: Expr): Range {
    // The same goes for the names of types, as in `type(self.port) == int`.
    if (this.root && (isRootless(expr, this.scope) || this.isTypeName(expr))) return sizeOfType(this.root);
    return sizeOfType(this.checked.typeOf(expr), !this.isOutOfSchema(expr));
  }

  private isTypeName(expr: Expr): boolean {
    return this.checked.nameOf(expr) !== undefined && this.checked.typeOf(expr).kind === 'type';
  }

  /** Upstream does not find the schema of what is selected from a map with a dot, nor of what is below that. */
  private isOutOfSchema(expr: Expr): boolean {
    if (expr.kind === 'select') return this.checked.typeOf(expr.operand).kind === 'map' || this.isOutOfSchema(expr.operand);
    return expr.kind === 'call' && expr.name === '_[_]' && expr.args[0] !== undefined && this.isOutOfSchema(expr.args[0]);
  }
}

/** Whether something is an element of what is not in the schema. */
function isRootless(expr: Expr, scope: Scope | undefined): boolean {
  if (expr.kind === 'ident') {
    let at = scope;
    while (at && !at.names.includes(expr.name)) at = at.outer;
    return at !== undefined && isElementRootless(at.range, at.outer);
  }
  if (expr.kind === 'select') return isElementRootless(expr.operand, scope);
  return expr.kind === 'call' && expr.name === '_[_]' && expr.args[0] !== undefined && isElementRootless(expr.args[0], scope);
}

function isElementRootless(of: Expr, scope: Scope | undefined): boolean {
  const isPath = of.kind === 'ident' || of.kind === 'select' || (of.kind === 'call' && of.name === '_[_]');
  return isPath ? isRootless(of, scope) : true;
}

const hasOneSize = (type: CelType): boolean => ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind) || (type.kind === 'optional' && hasOneSize(type.of));

/** By what a schema says of it, if that is where it comes from. */
function sizeOfType(type: CelType, inSchema = true): Range {
  if (inSchema && 'maxSize' in type) return { min: 0, max: type.maxSize };
  switch (type.kind) {
    case 'bool':
    case 'double':
    case 'duration':
    case 'int':
    case 'timestamp':
    case 'uint':
      return exactly(1);
    // Of optionals only those of such values have a size.
    case 'optional':
      return hasOneSize(type.of) ? exactly(1) : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

function partsOf(expr: CallExpr, checked: Checked): readonly Expr[] {
  return expr.target && checked.nameOf(expr) === undefined ? [expr.target, ...expr.args] : expr.args;
}
