import { arithmetic } from './arithmetic';
import { authorization } from './authorizer';
import { comparison } from './comparison';
import { conversions } from './conversions';
import { namedFormats } from './formats';
import { lists } from './lists';
import { network } from './network';
import { optionals } from './optionals';
import { overload, type Overload, stringCost } from './overload';
import { quantities } from './quantities';
import { regex } from './regex';
import { semvers } from './semver';
import { strings } from './strings';
import { times } from './times';
import { urls } from './urls';

const jsonPatch: readonly Overload[] = [
  overload('jsonpatch.escapeKey(string): string', (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'), { cost: (size) => Math.max(1, stringCost(size)), size: (size) => size }),
];

const byName = new Map<string, Overload[]>();
for (const one of [
  ...arithmetic, ...comparison, ...conversions, ...times, ...strings, ...regex, ...lists, ...optionals, ...urls, ...quantities, ...network, ...namedFormats, ...semvers,
  ...authorization, ...jsonPatch,
]) {
  const key = nameKey(one.name, one.method);
  byName.set(key, [...(byName.get(key) ?? []), one]);
}

function nameKey(name: string, method: boolean): string {
  return method ? `.${name}` : name;
}

/** All ways to call a function; undefined when there is no such function. */
export function overloadsOf(name: string, method: boolean): readonly Overload[] | undefined {
  return byName.get(nameKey(name, method));
}
