import { podCidrsOf } from './split-cidr';

describe('podCidrsOf', () => {
  it.each<[string, string[], number, string[]]>([
    ['takes one range per node', ['10.1.0.0/24', '10.2.0.0/24'], 2, ['10.1.0.0/24', '10.2.0.0/24']],
    ['splits a single range', ['10.244.0.0/16'], 3, ['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24']],
    ['leaves a single range whole for a single node', ['10.244.0.0/16'], 1, ['10.244.0.0/16']],
  ])('%s', (_, cidrs, nodes, expected) => {
    expect(podCidrsOf(cidrs, nodes)).toEqual(expected);
  });

  it.each<[string[], number]>([[['10.1.0.0/24', '10.2.0.0/24'], 3], [['10.244.0.0/22'], 5], [['nonsense'], 2], [[], 1]])('refuses %j for %i nodes', (cidrs, nodes) => {
    expect(() => podCidrsOf(cidrs, nodes)).toThrow(RangeError);
  });
});
