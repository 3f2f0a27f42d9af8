import { isJsonObject, type JsonValue } from '@navarch/apimachinery';

/** Finds values in an object, in their order. */
export type JsonPath = (object: JsonValue) => JsonValue[];

/** A path that is none. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}

type Step = (value: JsonValue) => JsonValue[];

const NAME = /^(?:\\.|[^.[\]\\\s])+/;
const FILTER = /^\[\?\(\s*@((?:\.(?:\\.|[^.[\]\\\s=!<>])+|\['[^']*'\])*)\s*(?:(==|!=|<=|>=|<|>)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|-?\d+(?:\.\d+)?|true|false))?\s*\)\]/;

/** kubectl's JSONPath, as far as columns, scale and field selectors use it: `.a.b`, `['a.b']`, `[0]`, `[-1]`, `[1:3]`, `[*]`, `..a`, `[?(@.a=="b")]`. @throws JsonPathError */
export function parseJsonPath(text: string): JsonPath {
  const steps: Step[] = [];
  let rest = text.trim().replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '');
  while (rest !== '') {
    const [step, length] = nextStep(rest, text);
    steps.push(step);
    rest = rest.slice(length);
  }
  return (object) => steps.reduce<JsonValue[]>((values, step) => values.flatMap(step), [object]);
}

function nextStep(rest: string, whole: string): readonly [Step, number] {
  if (rest.startsWith('..')) {
    const [name = ''] = NAME.exec(rest.slice(2)) ?? [];
    if (name !== '') return [(value) => descendants(value, name.replace(/\\(.)/g, '$1')), name.length + 2];
  }
  if (rest.startsWith('.')) {
    if (rest[1] === '[') return nextBracket(rest.slice(1), whole, 1);
    const [name = ''] = NAME.exec(rest.slice(1)) ?? [];
    if (name === '*') return [children, 2];
    if (name !== '') return [(value) => member(value, name.replace(/\\(.)/g, '$1')), name.length + 1];
  }
  return nextBracket(rest, whole, 0);
}

function nextBracket(rest: string, whole: string, skipped: number): readonly [Step, number] {
  const filter = FILTER.exec(rest);
  if (filter) return [filterStep(filter[1] ?? '', filter[2], filter[3]), filter[0].length + skipped];
  const [found = '', inner = ''] = /^\[((?:'[^']*'|"[^"]*"|[^\]'"])*)\]/.exec(rest) ?? [];
  if (found === '') throw new JsonPathError(`unrecognized path: ${whole}`);
  return [bracket(inner.trim(), whole), found.length + skipped];
}

function bracket(inner: string, whole: string): Step {
  if (inner === '*') return children;
  const quoted = /^(['"])(.*)\1$/s.exec(inner)?.[2];
  if (quoted !== undefined) return (value) => member(value, quoted);
  const slice = /^(-?\d*):(-?\d*)$/.exec(inner);
  if (slice) return (value) => (Array.isArray(value) ? value.slice(slice[1] === '' ? undefined : Number(slice[1]), slice[2] === '' ? undefined : Number(slice[2])) : []);
  if (!/^-?\d+$/.test(inner)) throw new JsonPathError(`invalid array index ${inner} in ${whole}`);
  return (value) => (Array.isArray(value) ? value.slice(Number(inner), Number(inner) === -1 ? undefined : Number(inner) + 1) : []);
}

const member = (value: JsonValue, name: string): JsonValue[] => (isJsonObject(value) && Object.hasOwn(value, name) ? [value[name] ?? null] : []);
const children = (value: JsonValue): JsonValue[] => (Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : []);
const descendants = (value: JsonValue, name: string): JsonValue[] => [...member(value, name), ...children(value).flatMap((child) => descendants(child, name))];

function filterStep(path: string, operator: string | undefined, literal: string | undefined): Step {
  const inner = parseJsonPath(path);
  const wanted = literal === undefined ? undefined : literalOf(literal);
  return (value) => children(value).filter((item) => {
    const [found] = inner(item);
    if (found === undefined) return false;
    return operator === undefined || holds(found, operator, wanted ?? null);
  });
}

const literalOf = (text: string): JsonValue => (text.startsWith("'") ? text.slice(1, -1).replace(/\\(.)/g, '$1') : (JSON.parse(text) as JsonValue));

function holds(found: JsonValue, operator: string, wanted: JsonValue): boolean {
  if (operator === '==') return found === wanted;
  if (operator === '!=') return found !== wanted;
  if (typeof found !== typeof wanted || found === null || wanted === null) return false;
  switch (operator) {
    case '<':
      return found < wanted;
    case '<=':
      return found <= wanted;
    case '>':
      return found > wanted;
    default:
      return found >= wanted;
  }
}
