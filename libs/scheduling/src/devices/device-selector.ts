import type { resourcev1 } from '@navarch/api';
import { compile, HashMap, types, variables, type MapValue, type Program, type Value } from '@navarch/cel';
import type { OfferedDevice } from './offered-devices';

type Selector = (device: OfferedDevice) => boolean;

/** Expressions are few and asked of many devices. */
const known = new Map<string, Selector>();
const mostKnown = 1_000;
const declarations = variables({ device: types.dyn });

/** What a selector's CEL expression says of devices. @throws CompileError for one that is no expression */
export function compileSelector(expression: string): Selector {
  let selector = known.get(expression);
  if (selector === undefined) {
    const program = compile(expression, { declarations, results: ['bool'] });
    selector = (device) => {
      const value = deviceValue(device);
      return program.evaluate((name) => (name === 'device' ? value : undefined)).value === true;
    };
    if (known.size >= mostKnown) known.clear();
    known.set(expression, selector);
  }
  return selector;
}

const textArgument = variables({ text: types.string });
const quantity = compile('quantity(text)', { declarations: textArgument });
const semver = compile('semver(text)', { declarations: textArgument });
const evaluated = (program: Program, text: string): Value => program.evaluate((name) => (name === 'text' ? text : undefined)).value;

/** Names without a domain are in the driver's; a domain that a device does not have is empty, not an error. */
class Domains extends HashMap {
  override get(key: Value): Value {
    return super.get(key) ?? new HashMap();
  }
}

function deviceValue({ driver, device }: OfferedDevice): MapValue {
  return new HashMap([
    ['driver', driver],
    ['attributes', byDomain(driver, device.attributes ?? {}, attributeValue)],
    ['capacity', byDomain(driver, device.capacity ?? {}, ({ value }) => evaluated(quantity, value))],
    ['allowMultipleAllocations', device.allowMultipleAllocations === true],
  ]);
}

function byDomain<T>(driver: string, entries: Readonly<Record<string, T>>, valueOf: (entry: T) => Value): MapValue {
  const domains = new Map<string, [Value, Value][]>();
  for (const [qualified, entry] of Object.entries(entries)) {
    const slash = qualified.indexOf('/');
    const [domain, name] = slash < 0 ? [driver, qualified] : [qualified.slice(0, slash), qualified.slice(slash + 1)];
    const found = domains.get(domain);
    if (found === undefined) domains.set(domain, [[name, valueOf(entry)]]);
    else found.push([name, valueOf(entry)]);
  }
  return new Domains([...domains].map(([domain, found]) => [domain, new HashMap(found)] as const));
}

function attributeValue({ bool, int, string, version }: resourcev1.DeviceAttribute): Value {
  if (bool !== undefined) return bool;
  if (int !== undefined) return BigInt(int);
  return version === undefined ? (string ?? null) : evaluated(semver, version);
}
