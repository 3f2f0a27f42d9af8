/** An expression that has no value: a missing key, a division by zero. `||`, `&&` and `all` may make it not matter. */
export class EvalError extends Error {
  override readonly name = 'EvalError';
}

/** The expression costs more than it may. Nothing makes that not matter. */
export class CostExceeded extends Error {
  override readonly name = 'CostExceeded';

  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** As upstream says that no function takes these. */
export const noSuchOverload = (): EvalError => new EvalError('no such overload');
