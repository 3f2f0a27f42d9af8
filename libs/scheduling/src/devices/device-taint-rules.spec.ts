import type { resourcev1beta2 } from '@navarch/api';
import { withRules } from './device-taint-rules';

describe('rules that taint devices', () => {
  const rule = (deviceSelector: resourcev1beta2.DeviceTaintSelector | undefined, key = 'rule'): resourcev1beta2.DeviceTaintRule =>
    ({ metadata: { name: key }, spec: { taint: { key, effect: 'NoSchedule' }, ...(deviceSelector && { deviceSelector }) } });
  const offered = ['x', 'y'].map((name) => ({ id: name, driver: 'd', pool: 'p', reach: {}, device: { name, ...(name === 'x' ? { taints: [{ key: 'own', effect: 'NoExecute' }] } : {}) } }));
  it.each<[string, resourcev1beta2.DeviceTaintRule[], string[][]]>([
    ['by the device', [rule({ driver: 'd', pool: 'p', device: 'y' })], [['own'], ['rule']]],
    ['all of a driver, besides the taints that they have', [rule({ driver: 'd' })], [['own', 'rule'], ['rule']]],
    ['each for itself', [rule({ device: 'y' }), rule({ pool: 'p' }, 'other')], [['own', 'other'], ['rule', 'other']]],
    ['of another pool', [rule({ pool: 'q' })], [['own'], []]],
    ['that select nothing', [rule(undefined)], [['own'], []]],
  ])('%s', (_what, rules, expected) => {
    expect(withRules(offered, rules).map(({ device: { taints = [] } }) => taints.map(({ key }) => key))).toEqual(expected);
  });
});
