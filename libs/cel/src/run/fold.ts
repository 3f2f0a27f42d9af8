import type { Expr, FoldExpr, FoldMacro } from '../syntax/expr';
import { compare } from '../values/equal';
import { EvalError, noSuchOverload } from '../values/eval-error';
import { ArrayList, HashMap, isList, isMap, Optional, typeNameOf, type Value } from '../values/value';
import type { Frame, Plan, Run } from './run';
import { bool } from './plan';

/** What the expansion of a macro costs for each element, besides its own parts: as cel-go's loops do. */
const STEP_COSTS: Readonly<Record<FoldMacro, number>> = {
  all: 3, exists: 4, existsOne: 3, filter: 13, map: 12, optMap: 2, optFlatMap: 2, sortBy: 12, transformList: 12, transformMap: 31, transformMapEntry: 31,
};

type Item = readonly [key: Value, value: Value];

/** The elements of a range: with one variable, elements of a list or keys of a map; with two, index or key, and value. */
function* itemsOf(range: Value, two: boolean): Iterable<Item> {
  if (isMap(range)) {
    for (const key of range.keys()) yield [key, two ? (range.get(key) ?? null) : null];
  } else if (isList(range)) {
    let index = 0n;
    for (const value of range) yield two ? [index++, value] : [value, null];
  } else throw noSuchOverload();
}

/** A macro over a range, done directly. */
export function planFold(expr: FoldExpr, plan: (expr: Expr) => Plan): Plan {
  const { macro, vars: [first = '', second], range } = expr;
  const ranged = plan(range);
  const condition = expr.condition && plan(expr.condition);
  const body = expr.body && plan(expr.body);
  if (macro === 'optMap' || macro === 'optFlatMap') return planOptional(macro, first, ranged, body);
  const step = STEP_COSTS[macro];
  if (macro === 'sortBy') return planSort(first, ranged, body, step);
  return (run, frame) => {
    const result = resultOf(macro);
    const values = ranged(run, frame);
    for (const [key, value] of itemsOf(values, second !== undefined)) {
      run.charge(step);
      const one: Frame = { name: first, value: key, outer: frame };
      const inner: Frame = second === undefined ? one : { name: second, value, outer: one };
      if (condition && !bool(condition(run, inner))) continue;
      if (result.add(key, body, run, inner)) break;
    }
    return result.end();
  };
}

/** What the sorting costs that a `sortBy` stands for: each key is compared with each. */
const SORT_COST = 13;
const sortCost = (keys: readonly Value[]): number => SORT_COST + Math.floor(keys.length ** 2 * (typeof keys[0] === 'string' || keys[0] instanceof Uint8Array ? 2.1 : 2));

function planSort(name: string, range: Plan, body: Plan | undefined, step: number): Plan {
  return (run, frame) => {
    const list = range(run, frame);
    if (!isList(list)) throw noSuchOverload();
    const keyed = Array.from(list, (value) => {
      run.charge(step);
      return { value, key: body ? body(run, { name, value, outer: frame }) : value };
    });
    run.charge(sortCost(keyed.map(({ key }) => key)));
    return new ArrayList(keyed.sort((a, b) => orderOf(a.key, b.key)).map(({ value }) => value));
  };
}

function orderOf(left: Value, right: Value): number {
  const order = typeNameOf(left) === typeNameOf(right) ? compare(left, right) : undefined;
  if (order === undefined) throw new EvalError('list elements must have the same type');
  return order;
}

function planOptional(macro: 'optFlatMap' | 'optMap', name: string, range: Plan, body: Plan | undefined): Plan {
  return (run, frame) => {
    const value = range(run, frame);
    if (!(value instanceof Optional)) throw noSuchOverload();
    if (value.value === undefined || !body) return Optional.none;
    const made = body(run, { name, value: value.value, outer: frame });
    return macro === 'optMap' ? new Optional(made) : made;
  };
}

/** Gathers what a macro comes to. */
interface Gathering {
  /** Whether nothing that follows matters. */
  add(key: Value, body: Plan | undefined, run: Run, frame: Frame): boolean;
  end(): Value;
}

function resultOf(macro: FoldMacro): Gathering {
  switch (macro) {
    case 'all':
      return new Quantifier(false);
    case 'exists':
      return new Quantifier(true);
    case 'existsOne':
      return new Counter();
    case 'transformMap':
    case 'transformMapEntry':
      return new Entries(macro === 'transformMapEntry');
    default:
      return new Elements();
  }
}

/** `all` and `exists`: one decisive element is enough, whatever errors others make. */
class Quantifier implements Gathering {
  private failed: EvalError | undefined;
  private decided = false;

  constructor(private readonly decisive: boolean) {}

  add(_key: Value, body: Plan | undefined, run: Run, frame: Frame): boolean {
    try {
      if (body && bool(body(run, frame)) === this.decisive) this.decided = true;
    } catch (error) {
      if (!(error instanceof EvalError)) throw error;
      this.failed ??= error;
    }
    return this.decided;
  }

  end(): Value {
    if (this.decided) return this.decisive;
    if (this.failed) throw this.failed;
    return !this.decisive;
  }
}

class Counter implements Gathering {
  private count = 0;

  add(_key: Value, body: Plan | undefined, run: Run, frame: Frame): boolean {
    if (body && bool(body(run, frame))) this.count++;
    return false;
  }

  end(): Value {
    return this.count === 1;
  }
}

/** `filter` keeps elements, `map` and `transformList` what is made of them. */
class Elements implements Gathering {
  private readonly values: Value[] = [];

  add(key: Value, body: Plan | undefined, run: Run, frame: Frame): boolean {
    this.values.push(body ? body(run, frame) : key);
    return false;
  }

  end(): Value {
    return new ArrayList(this.values);
  }
}

class Entries implements Gathering {
  private readonly entries: (readonly [Value, Value])[] = [];

  constructor(private readonly whole: boolean) {}

  add(key: Value, body: Plan | undefined, run: Run, frame: Frame): boolean {
    if (!body) return false;
    const made = body(run, frame);
    if (!this.whole) {
      this.entries.push([key, made]);
      return false;
    }
    if (!isMap(made) || made.size !== 1) throw noSuchOverload();
    for (const name of made.keys()) this.entries.push([name, made.get(name) ?? null]);
    return false;
  }

  end(): Value {
    const map = new HashMap(this.entries);
    if (map.size !== this.entries.length) throw new EvalError('insert failed: key already exists');
    return map;
  }
}
