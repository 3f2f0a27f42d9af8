import { keptSettings } from './new-settings';
import type { ClusterSettings } from './settings';

describe('a cluster that is started again', () => {
  const made = { name: 'mine', runtime: 'containerd', nodes: 2, subnet: 1, podCidr: '10.244.0.0/16', extraFlags: {}, ports: { apiserver: 6443 } } as unknown as ClusterSettings;
  const wishes = { cluster: 'mine', flags: [] };

  it.each([
    ['nothing is asked', made, {}], ['what it was made with is asked', made, { ipFamily: 'ipv4', nodes: 2 }],
    ['it has both families', { ...made, ipFamily: 'dual' }, { ipFamily: 'dual' }],
  ] as const)('is what it was when %s', (_what, known, asked) => expect(keptSettings(known, { ...wishes, ...asked })).toBe(known));

  it.each([
    [made, { ipFamily: 'dual' }, 'cluster "mine" was made with addresses of ipv4'],
    [{ ...made, ipFamily: 'dual' }, { ipFamily: 'ipv4' }, 'cluster "mine" was made with addresses of dual'],
    [made, { nodes: 3 }, 'cluster "mine" was made with 2 nodes'],
  ] as const)('is not made another one', (known, asked, message) => expect(() => keptSettings(known, { ...wishes, ...asked })).toThrow(message));

  it('takes other flags', () => expect(keptSettings(made, { ...wishes, flags: ['proxy:--v=2'] }).extraFlags).toEqual({ proxy: ['--v=2'] }));
});
