import { type CelType, formatType, type ObjectType, types } from '../types/cel-type';
import { assignable, type Bindings, join, substitute } from '../types/unify';
import { overloadsOf } from '../functions/library';
import type { Overload } from '../functions/overload';
import { keywordField } from '../schema/escape';
import type { CallExpr, Expr, FoldExpr, IdentExpr, ListExpr, MapExpr, SelectExpr, StructExpr } from '../syntax/expr';
import { CompileError, type SourceIssue } from '../syntax/source-error';
import { checkLiterals } from './check-literals';
import type { Declarations } from './declarations';

/** What the checker has found out about an expression. */
export interface Checked {
  readonly expr: Expr;
  readonly type: CelType;
  typeOf(expr: Expr): CelType;
  /** Of calls: the overloads that fit, by all that is known before it runs. */
  overloadsOf(call: CallExpr): readonly Overload[];
  /** Of selections that are no selections: the variable or type that a dotted name means. */
  nameOf(expr: Expr): string | undefined;
}

const TYPE_NAMES: Readonly<Record<string, CelType>> = {
  bool: types.bool, bytes: types.bytes, double: types.double, int: types.int, list: types.list(types.dyn), map: types.map(types.dyn, types.dyn), null_type: types.null,
  string: types.string, type: types.type(types.dyn), uint: types.uint, 'google.protobuf.Timestamp': types.timestamp, 'google.protobuf.Duration': types.duration,
  optional_type: types.optional(types.dyn), 'net.IP': types.opaque('net.IP'), 'net.CIDR': types.opaque('net.CIDR'),
};

/** Checks an expression against what is declared. @throws CompileError */
export function check(expr: Expr, source: string, declarations: Declarations): Checked {
  const checker = new Checker(declarations);
  const type = checker.check(expr);
  const issues = checker.issues.length > 0 ? [...checker.issues].sort((a, b) => a.at - b.at) : checkLiterals(expr);
  if (issues.length > 0) throw new CompileError(source, issues);
  return {
    expr, type,
    typeOf: (part) => checker.types.get(part) ?? types.dyn,
    overloadsOf: (call) => checker.overloads.get(call) ?? [],
    nameOf: (part) => checker.names.get(part),
  };
}

class Checker {
  readonly issues: SourceIssue[] = [];
  readonly types = new Map<Expr, CelType>();
  readonly overloads = new Map<CallExpr, readonly Overload[]>();
  readonly names = new Map<Expr, string>();
  private readonly scopes: Map<string, CelType>[] = [];

  constructor(private readonly declarations: Declarations) {}

  check(expr: Expr): CelType {
    const type = this.typeFor(expr);
    this.types.set(expr, type);
    return type;
  }

  private fail(at: number, message: string): CelType {
    this.issues.push({ at, message });
    return types.error;
  }

  private typeFor(expr: Expr): CelType {
    switch (expr.kind) {
      case 'const':
        return expr.literal.type === 'string' ? { kind: 'string', maxSize: expr.literal.value.length } : types[expr.literal.type];
      case 'ident':
        return this.ident(expr);
      case 'select':
        return this.select(expr);
      case 'call':
        return this.call(expr);
      case 'list':
        return this.list(expr);
      case 'map':
        return this.map(expr);
      case 'struct':
        return this.struct(expr);
      case 'fold':
        return this.fold(expr);
    }
  }

  private variable(name: string): CelType | undefined {
    if (!name.startsWith('.')) for (let i = this.scopes.length - 1; i >= 0; i--) {
      const found = this.scopes[i]?.get(name);
      if (found) return found;
    }
    const plain = name.startsWith('.') ? name.slice(1) : name;
    return this.declarations.variable(plain) ?? (Object.hasOwn(TYPE_NAMES, plain) ? types.type(TYPE_NAMES[plain] ?? types.dyn) : undefined);
  }

  private ident(expr: IdentExpr): CelType {
    const found = this.variable(expr.name);
    if (!found) return this.fail(expr.at, `undeclared reference to '${expr.name}' (in container '')`);
    this.names.set(expr, expr.name.replace(/^\./, ''));
    return found;
  }

  private select(expr: SelectExpr): CelType {
    const dotted = expr.test || expr.optional ? undefined : dottedName(expr);
    // A declared name with dots goes before a field of what its first part means.
    if (dotted !== undefined && !this.scopes.some((scope) => scope.has(dotted.split('.', 1)[0] ?? ''))) {
      const found = this.variable(dotted);
      if (found) {
        this.names.set(expr, dotted.replace(/^\./, ''));
        return found;
      }
    }
    const operand = this.check(expr.operand);
    const inner = operand.kind === 'optional' ? operand.of : operand;
    const field = this.field(inner, expr);
    if (expr.test) return field.kind === 'error' ? field : types.bool;
    return expr.optional || operand.kind === 'optional' ? types.optional(field) : field;
  }

  private field(operand: CelType, { field, at }: SelectExpr): CelType {
    switch (operand.kind) {
      case 'map':
        return operand.value;
      case 'object':
        return declaredField(operand, field) ?? this.fail(at, `undefined field '${field}'`);
      case 'dyn':
      case 'error':
      case 'param':
        return types.dyn;
      default:
        return this.fail(at, `type '${formatType(operand)}' does not support field selection`);
    }
  }

  private call(expr: CallExpr): CelType {
    const { name, target, args, at } = expr;
    if (name === '_&&_' || name === '_||_') return this.logic(expr);
    if (name === '_?_:_') return this.conditional(expr);
    const namespaced = target ? dottedName(target) : undefined;
    const scoped = namespaced === undefined ? undefined : overloadsOf(`${namespaced}.${name}`.replace(/^\./, ''), false);
    if (scoped) {
      this.names.set(expr, `${namespaced ?? ''}.${name}`);
      return this.resolve(expr, scoped, args.map((arg) => this.check(arg)), `${namespaced ?? ''}.${name}`);
    }
    const given = [...(target ? [this.check(target)] : []), ...args.map((arg) => (name === 'format' && arg.kind === 'list' ? this.mixedList(arg) : this.check(arg)))];
    const candidates = overloadsOf(name.replace(/^\./, ''), target !== undefined);
    if (!candidates) return this.fail(at, `undeclared reference to '${name}' (in container '')`);
    return this.resolve(expr, candidates, given, name);
  }

  private logic({ name, args, at }: CallExpr): CelType {
    const given = args.map((arg) => this.check(arg));
    if (given.every((type) => assignable(types.bool, type, new Map()))) return types.bool;
    return this.fail(at, `found no matching overload for '${name}' applied to '(${given.map(formatType).join(', ')})'`);
  }

  private conditional({ name, args, at }: CallExpr): CelType {
    const [condition = types.error, yes = types.error, no = types.error] = args.map((arg) => this.check(arg));
    const joined = join(yes, no);
    if (joined && assignable(types.bool, condition, new Map())) return joined;
    return this.fail(at, `found no matching overload for '${name}' applied to '(${[condition, yes, no].map(formatType).join(', ')})'`);
  }

  private resolve(expr: CallExpr, candidates: readonly Overload[], given: readonly CelType[], name: string): CelType {
    const fitting: Overload[] = [];
    let result: CelType | undefined;
    for (const candidate of candidates) {
      const bindings: Bindings = new Map();
      if (candidate.params.length !== given.length || !candidate.params.every((wanted, i) => assignable(wanted, given[i] ?? types.dyn, bindings))) continue;
      fitting.push(candidate);
      const type = substitute(candidate.result, bindings);
      result = result === undefined || formatType(result) === formatType(type) ? (result ?? type) : types.dyn;
    }
    this.overloads.set(expr, fitting);
    if (result) return result;
    if (given.some((type) => type.kind === 'error')) return types.error;
    const [first, ...rest] = given.map(formatType);
    const shown = candidates[0]?.method === true ? `${first ?? ''}.(${rest.join(', ')})` : `(${given.map(formatType).join(', ')})`;
    return this.fail(expr.at, `found no matching overload for '${name}' applied to '${shown}'`);
  }

  /** The one type of the elements of a literal: they may not be mixed. */
  private element(soFar: CelType | undefined, value: Expr, optional: boolean): CelType {
    const found = this.check(value);
    let type = found;
    if (optional) {
      if (found.kind === 'optional') type = found.of;
      else if (found.kind === 'dyn' || found.kind === 'error') type = types.dyn;
      else return this.fail(value.at, `expected type 'optional_type(${formatType(found)})' but found '${formatType(found)}'`);
    }
    if (!soFar) return type;
    return join(soFar, type) ?? this.fail(value.at, `expected type '${formatType(soFar)}' but found '${formatType(type)}'`);
  }

  /** What `format` takes may be of different types. */
  private mixedList(expr: ListExpr): CelType {
    for (const { value } of expr.elements) this.check(value);
    const type = types.list(types.dyn, expr.elements.length);
    this.types.set(expr, type);
    return type;
  }

  private list({ elements }: ListExpr): CelType {
    let items: CelType | undefined;
    for (const { value, optional } of elements) items = this.element(items, value, optional);
    return types.list(items ?? { kind: 'param', name: `list${elements.length}` }, elements.length);
  }

  private map({ entries }: MapExpr): CelType {
    let [key, value]: [CelType | undefined, CelType | undefined] = [undefined, undefined];
    for (const entry of entries) {
      key = this.element(key, entry.key, false);
      value = this.element(value, entry.value, entry.optional);
    }
    return types.map(key ?? types.dyn, value ?? types.dyn, entries.length);
  }

  private struct(expr: StructExpr): CelType {
    const type = this.declarations.struct?.(expr.typeName);
    for (const { value } of expr.fields) this.check(value);
    if (!type) return this.fail(expr.at, `undeclared reference to '${expr.typeName}' (in container '')`);
    for (const { name, value, at, optional } of expr.fields) {
      const wanted = type.field(name);
      const given = this.types.get(value) ?? types.dyn;
      if (!wanted) this.fail(at, `undefined field '${name}'`);
      else if (!assignable(optional ? types.optional(wanted) : wanted, given, new Map())) this.fail(at, `expected type of field '${name}' is '${formatType(wanted)}' but provided type is '${formatType(given)}'`);
    }
    return type;
  }

  private fold(expr: FoldExpr): CelType {
    const range = this.check(expr.range);
    const vars = this.variablesOf(expr, range);
    this.scopes.push(new Map(expr.vars.map((name, i) => [name, vars[i] ?? types.dyn])));
    const condition = expr.condition && this.check(expr.condition);
    const body = expr.body && this.check(expr.body);
    this.scopes.pop();
    for (const predicate of [condition, ['all', 'exists', 'existsOne'].includes(expr.macro) ? body : undefined])
      if (predicate && !assignable(types.bool, predicate, new Map())) return this.fail(expr.at, `found no matching overload for '_&&_' applied to '(bool, ${formatType(predicate)})'`);
    if (expr.macro === 'sortBy' && body && !(isListOrDyn(range) && isComparable(body))) return this.fail(expr.at, `found no matching overload for '@sortByAssociatedKeys' applied to '${formatType(range)}.(${formatType(types.list(body))})'`);
    return this.result(expr, range, body ?? types.dyn);
  }

  private variablesOf({ macro, vars, range: { at } }: FoldExpr, range: CelType): readonly CelType[] {
    if (macro === 'optMap' || macro === 'optFlatMap') {
      if (range.kind === 'optional') return [range.of];
      return [range.kind === 'dyn' || range.kind === 'error' ? types.dyn : this.fail(at, `expression of type '${formatType(range)}' cannot be the target of ${macro}: must be optional`)];
    }
    switch (range.kind) {
      case 'list':
        return vars.length === 1 ? [range.items] : [types.int, range.items];
      case 'map':
        return vars.length === 1 ? [range.key] : [range.key, range.value];
      case 'dyn':
      case 'error':
      case 'param':
        return [types.dyn, types.dyn];
      default:
        return [this.fail(at, `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`)];
    }
  }

  private result({ macro }: FoldExpr, range: CelType, body: CelType): CelType {
    const maxSize = 'maxSize' in range ? range.maxSize : undefined;
    switch (macro) {
      case 'all':
      case 'exists':
      case 'existsOne':
        return types.bool;
      case 'sortBy':
        return range.kind === 'list' ? range : types.list(types.dyn);
      case 'filter':
        return range.kind === 'map' ? types.list(range.key, maxSize) : range.kind === 'list' ? range : types.list(types.dyn);
      case 'map':
      case 'transformList':
        return types.list(body, maxSize);
      case 'transformMap':
        return types.map(range.kind === 'map' ? range.key : types.int, body, maxSize);
      case 'transformMapEntry':
        return body.kind === 'map' ? { ...body, ...(maxSize === undefined ? {} : { maxSize }) } : types.map(types.dyn, types.dyn);
      case 'optMap':
        return types.optional(body);
      case 'optFlatMap':
        return body.kind === 'optional' ? body : types.optional(types.dyn);
    }
  }
}

const isListOrDyn = ({ kind }: CelType): boolean => kind === 'list' || kind === 'dyn' || kind === 'error';
const COMPARABLE: ReadonlySet<string> = new Set<CelType['kind']>(['bool', 'bytes', 'double', 'duration', 'dyn', 'error', 'int', 'param', 'string', 'timestamp', 'uint']);
const isComparable = ({ kind }: CelType): boolean => COMPARABLE.has(kind);

/** A field may be named by a reserved word, escaped or not. */
function declaredField(object: ObjectType, name: string): CelType | undefined {
  const escaped = keywordField(name);
  return object.field(name) ?? (escaped === undefined ? undefined : object.field(escaped));
}

function dottedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.test || expr.optional) return undefined;
  const head = dottedName(expr.operand);
  return head === undefined ? undefined : `${head}.${expr.field}`;
}
