import { RE2JS, RE2JSSyntaxException } from 're2js';
import { EvalError } from '../values/eval-error';
import { ArrayList } from '../values/value';
import { spend } from '../values/work';
import { overload, type Overload, regexCost } from './overload';

/** Compiled patterns of late: rules use the same few again and again. */
const compiled = new Map<string, RE2JS>();
const MAX_COMPILED = 1000;

/** A pattern in RE2's syntax. @throws EvalError */
export function compilePattern(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known) return known;
  let made: RE2JS;
  try {
    made = RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) throw new EvalError(error.message);
    throw error;
  }
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

/** Whether a pattern is found anywhere in a text. */
export const matches = (text: string, pattern: string): boolean => compilePattern(pattern).matcher(text).find();

function find(text: string, pattern: string): string {
  const matcher = compilePattern(pattern).matcher(text);
  return matcher.find() ? (matcher.group() ?? '') : '';
}

function findAll(text: string, pattern: string, limit = -1n): ArrayList {
  const found: string[] = [];
  const matcher = compilePattern(pattern).matcher(text);
  while ((limit < 0n || found.length < Number(limit)) && matcher.find()) {
    spend(10);
    found.push(matcher.group() ?? '');
  }
  return new ArrayList(found);
}

export const regex: readonly Overload[] = [
  overload('matches(string, string): bool', matches, { cost: regexCost }),
  overload('string -> matches(string): bool', matches, { cost: regexCost }),
  overload('string -> find(string): string', find, { cost: regexCost, size: (text) => text }),
  overload('string -> findAll(string): list<string>', (text: string, pattern: string) => findAll(text, pattern), { cost: regexCost, size: (text) => text }),
  overload('string -> findAll(string, int): list<string>', findAll, { cost: regexCost, size: (text) => text }),
];
