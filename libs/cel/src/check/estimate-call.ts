import type { Overload } from '../functions/overload';
import type { CelType } from '../types/cel-type';
import { add, byFactor, either, exactly, multiply, type Range } from './range';

// Mirrors cel-go's checker/cost.go (functionCost), its ext/lists.go and ext/sets.go, and staging/src/k8s.io/apiserver/pkg/cel/library/cost.go (EstimateCallCost).
// Which rules a CustomResourceDefinition may have depends on these numbers: they are upstream's, odd ones included.

/** An argument as far as estimates look at it. */
export interface Operand {
  readonly type: CelType;
  readonly size: Range;
  /** Size of each element of a list. */
  readonly itemSize: Range;
  /** Of an integer that is written out. */
  readonly literal: number | undefined;
}

/** What a call itself costs, without its arguments, and the size of what comes out where that is known. */
export interface CallEstimate {
  readonly cost: Range;
  readonly size?: Range;
}

type Estimator = (parts: readonly Operand[], overload: Overload) => CallEstimate;

const PER_CHARACTER = 0.1;
const PER_REGEX_CHARACTER = 0.25;
/** Allows for two authorization checks in an expression. */
const CHECK = 350_000;
/** What building a list costs. */
const LIST = 10;
const STRUCT = 40;
const LONGEST_NAME_FORMAT = 63;
/** An address has 4 or 16 bytes. */
const ADDRESS: Range = { min: 4, max: 16 };
const once: CallEstimate = { cost: exactly(1) };
const nothing: Operand = { type: { kind: 'dyn' }, size: exactly(0), itemSize: exactly(0), literal: undefined };
const isText = (type: CelType | undefined): boolean => type?.kind === 'string' || type?.kind === 'bytes';

const traverse = (size: Range): Range => byFactor(size, PER_CHARACTER);
/** Goes through the first argument. */
const traversal: Estimator = ([{ size } = nothing]) => ({ cost: traverse(size) });
/** The same, and what comes out is as large. */
const transformation: Estimator = ([{ size } = nothing]) => ({ cost: traverse(size), size });

const comparison: Estimator = ([left = nothing, right = nothing]) => {
  const shorter = Math.min(left.size.max, right.size.max);
  return { cost: traverse({ min: shorter > 0 ? 1 : 0, max: shorter }) };
};
const ofTexts = (estimator: Estimator): Estimator => (parts, overload) => (isText(overload.params[0]) ? estimator(parts, overload) : once);

const regex = (text: Range, pattern: Range): Range => multiply(traverse(add(text, exactly(1))), byFactor(pattern, PER_REGEX_CHARACTER));

const sum: Estimator = ([left = nothing, right = nothing], { params: [type] }) => {
  const size = add(left.size, right.size);
  if (type?.kind === 'list') return { ...once, size };
  return isText(type) ? { cost: traverse(size), size } : once;
};

/** One comparison for each element, and going through it where it is text. */
const search: Estimator = ([of = nothing]) => {
  if (of.type.kind !== 'list') return { cost: traverse(of.size) };
  return { cost: multiply(of.size, isText(of.type.items) ? add(exactly(1), traverse(of.itemSize)) : exactly(1)) };
};

const replacement: Estimator = ([{ size: text } = nothing, { size: from } = nothing, { size: to } = nothing]) => {
  const longest = from.min === 0 ? text.max + (text.max + 1) * to.max : to.max <= from.min ? text.max : Math.ceil(text.max / from.min) * to.max;
  const shortest = from.max === 0 ? text.min + (text.min + 1) * to.min : from.max <= to.min ? text.min : Math.ceil(text.min / from.max) * to.min;
  return { cost: byFactor(text, 2 * PER_CHARACTER), size: { min: shortest, max: longest } };
};

const split: Estimator = ([{ size } = nothing, , limit]) => ({ cost: byFactor(size, 2 * PER_CHARACTER), size: { min: 0, max: limit?.literal ?? size.max } });

const join: Estimator = ([list = nothing, separator]) => {
  const between = { min: Math.max(0, list.size.min - 1), max: Math.max(0, list.size.max - 1) };
  const size = add(multiply(list.size, list.itemSize), separator === undefined ? exactly(0) : multiply(separator.size, between));
  return { cost: traverse(size), size };
};

const find: Estimator = ([{ size: text } = nothing, { size: pattern } = nothing]) => ({ cost: regex(text, pattern), size: { min: 0, max: text.max } });

/** A selector is gone through, and each of its requirements made. */
const selector: Estimator = ([, { size } = nothing]) => ({ cost: add(exactly(LIST), traverse(size), byFactor(byFactor(size, 0.5), LIST + STRUCT)) });

const containing = (more: Range): Estimator => ([, other = nothing], { params: [, type] }) =>
  ({ cost: add(traverse(add(ADDRESS, ADDRESS)), more, type?.kind === 'string' ? traverse(other.size) : exactly(0)) });

/** Makes a list, going `factor` times through so many elements. */
const listOf = (factor: number, size: Range): CallEstimate => ({ cost: add(byFactor(size, factor), exactly(1 + LIST)), size });
const slice: Estimator = ([{ size } = nothing, from, to]) => listOf(1, exactly((to?.literal ?? size.max) - (from?.literal ?? 0)));
const eachWithEach = (factor: (of: Operand) => number): Estimator => ([of = nothing]) => listOf(factor(of), multiply(of.size, of.size));
const sets = (factor: number): Estimator => ([a = nothing, b = nothing]) => ({ cost: add(byFactor(multiply(a.size, b.size), factor), exactly(1)) });

/** By name; all else costs 1. */
const ESTIMATORS: Readonly<Record<string, Estimator>> = {
  '_==_': (parts, overload) => (parts.every(({ type }) => type.kind === 'opaque') ? once : comparison(parts, overload)), '_!=_': comparison,
  '_<_': ofTexts(comparison), '_<=_': ofTexts(comparison), '_>_': ofTexts(comparison), '_>=_': ofTexts(comparison),
  '_+_': sum,
  '@in': ([, list = nothing], { params: [, type] }) => (type?.kind === 'list' ? { cost: list.size } : once),
  bytes: ([{ size } = nothing], { params: [type] }) => (type?.kind === 'string' ? { cost: traverse(size), size: { min: size.min, max: size.max * 4 } } : once),
  string: ([{ size } = nothing], { params: [type] }) => (type?.kind === 'bytes' ? { cost: traverse(size), size: { min: Math.floor(size.min / 4), max: size.max } } : once),
  'strings.quote': ([{ size } = nothing]) => ({ cost: traverse(size), size: { min: size.min + 2, max: size.max * 2 + 2 } }),
  startsWith: ([, { size } = nothing]) => ({ cost: traverse(size) }), endsWith: ([, { size } = nothing]) => ({ cost: traverse(size) }),
  contains: ([{ size: text } = nothing, { size: part } = nothing]) => ({ cost: multiply(traverse(text), traverse(part)) }),
  matches: ([{ size: text } = nothing, { size: pattern } = nothing], { method }) => (method ? { cost: regex(text, pattern) } : once),
  format: traversal,
  isSorted: search, sum: search, max: search, min: search, indexOf: search, lastIndexOf: search,
  url: transformation, 'jsonpatch.escapeKey': transformation, lowerAscii: transformation, upperAscii: transformation, substring: transformation, trim: transformation,
  replace: replacement, split, join, find, findAll: find,
  cidr: traversal, isIP: traversal, isCIDR: traversal, quantity: traversal, isQuantity: traversal, semver: traversal, isSemver: traversal,
  ip: (parts, overload) => (overload.method ? once : traversal(parts, overload)),
  'ip.isCanonical': ([{ size } = nothing]) => ({ cost: byFactor(size, 2 * PER_CHARACTER) }),
  containsIP: containing(exactly(0)), containsCIDR: containing(add(traverse(ADDRESS), exactly(1))),
  validate: ([, { size } = nothing]) => ({ cost: byFactor(traverse(size), LONGEST_NAME_FORMAT * PER_REGEX_CHARACTER) }),
  check: () => ({ cost: exactly(CHECK) }), fieldSelector: selector, labelSelector: selector,
  slice, 'lists.range': ([count]) => listOf(1, exactly(count?.literal ?? 2 ** 64)),
  reverse: ([of = nothing], { params: [type] }) => (type?.kind === 'list' ? listOf(1, of.size) : once),
  flatten: ([of = nothing, depth]) => listOf(depth === undefined ? 1 : (depth.literal ?? 2 ** 64), of.size),
  distinct: eachWithEach(() => 2), sort: eachWithEach(({ type }) => (type.kind === 'list' && isText(type.items) ? 2 + PER_CHARACTER : 2)),
  'sets.contains': sets(1), 'sets.intersects': sets(1), 'sets.equivalent': sets(2),
};

/** What a call may cost, whichever of the overloads it comes to. */
export function estimateCall(overloads: readonly Overload[], parts: readonly Operand[]): CallEstimate {
  const estimates = overloads.map((one) => ESTIMATORS[one.name]?.(parts, one) ?? once);
  const sizes = estimates.flatMap(({ size }) => (size === undefined ? [] : [size]));
  return { cost: estimates.map(({ cost }) => cost).reduce(either, estimates[0]?.cost ?? exactly(0)), ...(sizes.length === 0 ? {} : { size: sizes.reduce(either) }) };
}
