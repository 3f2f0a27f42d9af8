import { type CelType, types } from './cel-type';

/** What type parameters stand for, while a call is checked. */
export type Bindings = Map<string, CelType>;

const isDynamic = (type: CelType): boolean => type.kind === 'dyn' || type.kind === 'error';

/** Null may stand where these are wanted. */
const NULLABLE = new Set<CelType['kind']>(['object', 'optional', 'opaque', 'duration', 'timestamp', 'null']);

/** Whether a value of one type may stand where another is wanted. Binds parameters of the wanted type. */
export function assignable(wanted: CelType, given: CelType, bindings: Bindings): boolean {
  if (wanted.kind === 'param') return bind(wanted.name, given, bindings);
  if (given.kind === 'param') return bind(given.name, wanted, bindings);
  if (isDynamic(wanted) || isDynamic(given)) return true;
  if (given.kind === 'null') return NULLABLE.has(wanted.kind);
  switch (wanted.kind) {
    case 'list':
      return given.kind === 'list' && assignable(wanted.items, given.items, bindings);
    case 'map':
      return given.kind === 'map' && assignable(wanted.key, given.key, bindings) && assignable(wanted.value, given.value, bindings);
    case 'object':
    case 'opaque':
      return given.kind === wanted.kind && given.name === wanted.name;
    case 'optional':
      return given.kind === 'optional' && assignable(wanted.of, given.of, bindings);
    case 'type':
      return given.kind === 'type';
    default:
      return given.kind === wanted.kind;
  }
}

function bind(name: string, given: CelType, bindings: Bindings): boolean {
  const bound = bindings.get(name);
  if (bound === undefined) {
    if (given.kind !== 'param' || given.name !== name) bindings.set(name, given);
    return true;
  }
  if (bound.kind === 'param' && bound.name === name) return true;
  if (assignable(bound, given, bindings)) {
    // The more general one is what it stands for.
    if (isDynamic(given)) bindings.set(name, types.dyn);
    return true;
  }
  if (bound.kind === 'null' && assignable(given, bound, bindings)) {
    bindings.set(name, given);
    return true;
  }
  return false;
}

/** A type with its parameters replaced; those that nothing bound become dyn. */
export function substitute(type: CelType, bindings: Bindings): CelType {
  switch (type.kind) {
    case 'param': {
      const bound = bindings.get(type.name);
      if (bound === undefined || (bound.kind === 'param' && bound.name === type.name)) return types.dyn;
      return substitute(bound, bindings);
    }
    case 'list':
      return hasParam(type) ? { ...type, items: substitute(type.items, bindings) } : type;
    case 'map':
      return hasParam(type) ? { ...type, key: substitute(type.key, bindings), value: substitute(type.value, bindings) } : type;
    case 'optional':
      return hasParam(type) ? types.optional(substitute(type.of, bindings)) : type;
    case 'type':
      return hasParam(type) ? types.type(substitute(type.of, bindings)) : type;
    default:
      return type;
  }
}

function hasParam(type: CelType): boolean {
  switch (type.kind) {
    case 'param':
      return true;
    case 'list':
      return hasParam(type.items);
    case 'map':
      return hasParam(type.key) || hasParam(type.value);
    case 'optional':
    case 'type':
      return hasParam(type.of);
    default:
      return false;
  }
}

/** One type for two branches. */
export function join(left: CelType, right: CelType): CelType | undefined {
  if (isDynamic(left) || isDynamic(right)) return types.dyn;
  if (assignable(left, right, new Map())) return left;
  return assignable(right, left, new Map()) ? right : undefined;
}
