import type { coordinationv1 } from '@navarch/api';
import { componentStatuses } from './component-statuses';

const renewed = Date.parse('2026-01-01T00:00:00Z');
const lease = (spec: object): coordinationv1.Lease => ({ metadata: {}, spec: { holderIdentity: 'one', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z', ...spec } });

describe('component statuses', () => {
  it('name every part, as upstream does', () => {
    const found = componentStatuses({ leases: { scheduler: lease({}), 'controller-manager': lease({}) }, memberFailures: [undefined, 'no route'] }, renewed);
    expect(found.map(({ metadata: { name }, conditions }) => [name, conditions])).toEqual([
      ['controller-manager', [{ type: 'Healthy', status: 'True', message: 'ok' }]],
      ['etcd-0', [{ type: 'Healthy', status: 'True', message: 'ok' }]],
      ['etcd-1', [{ type: 'Healthy', status: 'False', message: 'no route' }]],
      ['scheduler', [{ type: 'Healthy', status: 'True', message: 'ok' }]],
    ]);
  });

  it.each<[string, coordinationv1.Lease | undefined, number, string]>([
    ['a leader that renews in time', lease({}), 15_000, 'ok'],
    ['a leader that has gone silent', lease({}), 15_001, 'one is elected and has not said so since 2026-01-01T00:00:00.000000Z'],
    ['a leader that has gone', lease({ holderIdentity: '' }), 0, 'nobody is elected'],
    ['no leader yet', undefined, 0, 'nobody has been elected'],
  ])('tell of %s', (_what, of, afterMs, message) => {
    expect(componentStatuses({ leases: { scheduler: of }, memberFailures: [] }, renewed + afterMs)[0]?.conditions?.[0]).toEqual({ type: 'Healthy', status: message === 'ok' ? 'True' : 'False', message });
  });
});
