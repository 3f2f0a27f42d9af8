import { nodePortRanges } from './node-port-ranges';

describe('where node ports are served', () => {
  const unasked = (): string[] => {
    throw new Error('not asked for');
  };

  it('is where the flag says', () => {
    expect([nodePortRanges([], unasked)(), nodePortRanges(['10.0.0.0/8'], unasked)()]).toEqual([[], ['10.0.0.0/8']]);
  });

  it('is at the node\'s own addresses, where the flag says that, as soon as the node tells them', () => {
    let addresses: string[] = [];
    const ranges = nodePortRanges(['primary'], () => addresses);
    expect(ranges()).toBeUndefined();
    addresses = ['172.30.1.11', 'fd00:172:30:1::11'];
    expect(ranges()).toEqual(['172.30.1.11/32', 'fd00:172:30:1::11/128']);
  });

  it('is not both', () => expect(() => nodePortRanges(['primary', '10.0.0.0/8'], unasked)).toThrow('"primary" must be the only value'));
});
