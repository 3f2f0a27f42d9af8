/** A node of a parsed expression; `at` is the offset that errors point to, as upstream's parser places it. */
export type Expr = ConstExpr | IdentExpr | SelectExpr | CallExpr | ListExpr | MapExpr | StructExpr | FoldExpr;

/** A literal: int (bigint), uint, double (number), string, bytes, bool, null. */
export type Literal =
  | { readonly type: 'int' | 'uint'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'null'; readonly value: null };

export interface ConstExpr {
  readonly kind: 'const';
  readonly at: number;
  readonly literal: Literal;
}

export interface IdentExpr {
  readonly kind: 'ident';
  readonly at: number;
  readonly name: string;
}

export interface SelectExpr {
  readonly kind: 'select';
  readonly at: number;
  readonly operand: Expr;
  readonly field: string;
  /** `has(a.b)`. */
  readonly test: boolean;
  /** `a.?b`. */
  readonly optional: boolean;
}

/** Operators are calls of functions with names like `_+_`. */
export interface CallExpr {
  readonly kind: 'call';
  readonly at: number;
  readonly name: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}

export interface ListExpr {
  readonly kind: 'list';
  readonly at: number;
  readonly elements: readonly { readonly value: Expr; readonly optional: boolean }[];
}

export interface MapExpr {
  readonly kind: 'map';
  readonly at: number;
  readonly entries: readonly { readonly at: number; readonly key: Expr; readonly value: Expr; readonly optional: boolean }[];
}

/** `Object.spec{replicas: 1}`. */
export interface StructExpr {
  readonly kind: 'struct';
  readonly at: number;
  readonly typeName: string;
  readonly fields: readonly { readonly at: number; readonly name: string; readonly value: Expr; readonly optional: boolean }[];
}

export type FoldMacro = 'all' | 'exists' | 'existsOne' | 'filter' | 'map' | 'optMap' | 'optFlatMap' | 'sortBy' | 'transformList' | 'transformMap' | 'transformMapEntry';

/** A macro that binds variables over a range. */
export interface FoldExpr {
  readonly kind: 'fold';
  readonly at: number;
  readonly macro: FoldMacro;
  readonly range: Expr;
  /** One variable, or index (key) and value. */
  readonly vars: readonly string[];
  /** What an element must meet to be taken: `filter`, and `map` with three arguments. */
  readonly condition: Expr | undefined;
  /** The predicate of `all`, what `map` makes. */
  readonly body: Expr | undefined;
}

/** The parts directly below a node, in the order of the text. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'const':
    case 'ident':
      return [];
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target ? [expr.target, ...expr.args] : expr.args;
    case 'list':
      return expr.elements.map(({ value }) => value);
    case 'map':
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case 'struct':
      return expr.fields.map(({ value }) => value);
    case 'fold':
      return [expr.range, ...(expr.condition ? [expr.condition] : []), ...(expr.body ? [expr.body] : [])];
  }
}
