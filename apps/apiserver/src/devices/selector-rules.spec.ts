import type { KubeObject } from '@navarch/api';
import { selectorRules } from './selector-rules';

const faults = (resource: string, spec: object, old?: object): string[] => {
  const asObject = (of: object): KubeObject => ({ metadata: { name: 'a' }, spec: of }) as KubeObject;
  return selectorRules[`resource.k8s.io/${resource}`]?.(asObject(spec), old && asObject(old)).map(({ message }) => message) ?? ['no rule'];
};
const selecting = (expression: string): object => ({ selectors: [{ cel: { expression } }] });
const claim = (expression: string): object => ({ devices: { requests: [{ name: 'r', exactly: selecting(expression) }] } });
const nested = 'device.attributes.all(d, device.attributes.all(e, device.attributes.all(f, device.attributes.all(g, d + e + f + g != ""))))';

describe('expressions that select devices', () => {
  it.each<[expression: string, reason: string]>([
    ['device.driver == "gpu.example.com"', 'its driver'],
    ['device.attributes["gpu.example.com"].model == "a100"', 'what it is'],
    ['device.capacity["gpu.example.com"].memory.compareTo(quantity("40Gi")) >= 0', 'what it has'],
    ['device.allowMultipleAllocations', 'whether it is shared'],
    ['device.attributes["gpu.example.com"].?version.orValue("0.0.0") != "1.0.0"', 'what it may not say'],
  ])('may ask %s: %s', (expression) => {
    expect(faults('deviceclasses', selecting(expression))).toEqual([]);
    expect(faults('resourceclaims', claim(expression))).toEqual([]);
  });

  it.each<[expression: string, message: RegExp]>([
    ['device.serial == "1"', /^spec\.selectors\[0\]\.cel\.expression: Invalid value: "device\.serial == \\"1\\"": compilation failed: .*undefined field 'serial'/s],
    ['device.driver', /must evaluate to bool/],
    ['true &&', /compilation failed: .*Syntax error/s],
    ['other', /undeclared reference to 'other'/],
    [nested, /^spec\.selectors\[0\]\.cel\.expression: Forbidden: too complex, exceeds cost limit$/],
  ])('may not be %s', (expression, message) => {
    expect(faults('deviceclasses', selecting(expression))).toEqual([expect.stringMatching(message)]);
  });

  it('are looked for in claims, their alternatives, and templates', () => {
    const alternatives = { devices: { requests: [{ name: 'r', firstAvailable: [{ name: 's', ...selecting('1') }] }] } };
    expect(faults('resourceclaims', alternatives)).toEqual([expect.stringMatching(/^spec\.devices\.requests\[0\]\.firstAvailable\[0\]\.selectors\[0\]\.cel\.expression: /)]);
    expect(faults('resourceclaimtemplates', { spec: claim('1') })).toEqual([expect.stringMatching(/^spec\.spec\.devices\.requests\[0\]\.exactly\.selectors\[0\]\.cel\.expression: /)]);
  });

  it('stay as they were stored', () => {
    expect(faults('deviceclasses', selecting('device.gone'), selecting('device.gone'))).toEqual([]);
    expect(faults('deviceclasses', selecting('device.gone'), selecting('true'))).toHaveLength(1);
  });
});
