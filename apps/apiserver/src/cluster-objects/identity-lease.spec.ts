import { coordination, type coordinationv1 } from '@navarch/api';
import { formatMicroTime } from '@navarch/apimachinery';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { ObjectTable } from '../testing/object-table';
import { IdentityLease, isExpired } from './identity-lease';

type Lease = coordinationv1.Lease;

const labels = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' };
const lease = (name: string, spec: Lease['spec'], of: Record<string, string> = labels): Lease => ({ metadata: { namespace: 'kube-system', name, labels: of }, ...(spec ? { spec } : {}) });
const seconds = (clock: FakeClock, ago: number): string => formatMicroTime(clock.now() - ago * 1000);

describe('identity leases', () => {
  const clock = new FakeClock();
  let table: ObjectTable;
  let running: IdentityLease;
  const begin = async (...present: Lease[]): Promise<void> => {
    table = new ObjectTable().put(coordination.leases, ...present);
    running = new IdentityLease({ id: 'apiserver-a', hostname: 'host' }, { reader: table, writer: table.writer, clock, log: silentLogger });
    await running.start();
  };
  afterEach(() => running.stop());
  const own = (): Lease | undefined => table.get(coordination.leases, 'kube-system', 'apiserver-a');
  const names = (): string[] => table.list(coordination.leases).map(({ metadata }) => metadata.name ?? '');

  it('say which server is there, and since when it last said so', async () => {
    await begin();
    const begun = clock.now();
    expect(own()).toMatchObject({ metadata: { labels: { ...labels, 'kubernetes.io/hostname': 'host' } }, spec: { leaseDurationSeconds: 3600, renewTime: formatMicroTime(begun) } });
    const holder = own()?.spec?.holderIdentity;
    expect(holder).toMatch(/^apiserver-a_[\da-f-]{36}$/);
    await clock.advance(10_000);
    expect(own()?.spec).toEqual({ holderIdentity: holder, leaseDurationSeconds: 3600, renewTime: formatMicroTime(begun + 10_000) });
  });

  it('are those of the present process', async () => {
    await begin(lease('apiserver-a', { holderIdentity: 'apiserver-a_before', leaseDurationSeconds: 3600, renewTime: seconds(clock, 5) }));
    expect(own()?.spec?.holderIdentity).not.toBe('apiserver-a_before');
    await running.stop();
    expect(own()).toBeUndefined();
  });

  it('stay when another process has taken them over', async () => {
    await begin();
    table.put(coordination.leases, lease('apiserver-a', { holderIdentity: 'apiserver-a_other' }));
    await running.stop();
    expect(own()?.spec?.holderIdentity).toBe('apiserver-a_other');
  });

  it('go when they are over, at once and once an hour', async () => {
    await begin(
      lease('over', { leaseDurationSeconds: 10, renewTime: seconds(clock, 11) }), lease('holds', { leaseDurationSeconds: 20_000, renewTime: seconds(clock, 11) }),
      lease('other', { leaseDurationSeconds: 10, renewTime: seconds(clock, 11) }, {}),
    );
    await clock.advance(0);
    expect(names()).toEqual(['holds', 'other', 'apiserver-a']);
    table.put(coordination.leases, lease('late', { leaseDurationSeconds: 1, renewTime: seconds(clock, 11) }));
    await clock.advance(10_000);
    expect(names()).toContain('late');
    for (let tens = 0; tens < 360; tens++) await clock.advance(10_000);
    expect(names()).not.toContain('late');
  });

  it.each<[reason: string, spec: Lease['spec'], expired: boolean]>([
    ['still holds', { leaseDurationSeconds: 10, renewTime: '2026-01-01T00:00:00.000000Z' }, false],
    ['has ended', { leaseDurationSeconds: 4, renewTime: '2026-01-01T00:00:00.000000Z' }, true],
    ['says not since when', { leaseDurationSeconds: 10 }, true],
    ['says not how long', { renewTime: '2026-01-01T00:00:00.000000Z' }, true],
    ['says nothing', undefined, true],
  ])('that %s: over is %j %s', (_reason, spec, expired) => {
    expect(isExpired(lease('a', spec), Date.parse('2026-01-01T00:00:05Z'))).toBe(expired);
  });
});
