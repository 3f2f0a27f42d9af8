import { type coordinationv1 } from '@navarch/api';
import { conflict, notFound, alreadyExists } from '@navarch/apimachinery';
import { FakeClock } from '@navarch/clock';
import { LeaderElector, type LeaseClient } from './leader-election';
import { silentLogger } from './logger';

type Lease = coordinationv1.Lease;
const resource = { group: 'coordination.k8s.io', resource: 'leases' };

/** One lease with optimistic concurrency; can be made unreachable. */
class FakeLeases implements LeaseClient {
  lease: Lease | undefined;
  reachable = true;
  hanging = false;
  /** How long the next requests take. */
  latenciesMs: number[] = [];
  #version = 0;

  async get(_type?: unknown, _key?: unknown, options?: { signal?: AbortSignal }): Promise<Lease> {
    await this.#network(options?.signal);
    if (!this.lease) throw notFound(resource, 'x');
    return structuredClone(this.lease);
  }

  async create(_type: unknown, lease: Lease): Promise<Lease> {
    await this.#network();
    if (this.lease) throw alreadyExists(resource, 'x');
    return this.#store(lease);
  }

  async update(_type: unknown, lease: Lease, options?: { signal?: AbortSignal }): Promise<Lease> {
    await this.#network(options?.signal);
    if (lease.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) throw conflict(resource, 'x');
    return this.#store(lease);
  }

  #store(lease: Lease): Lease {
    this.lease = structuredClone({ ...lease, metadata: { ...lease.metadata, resourceVersion: String(++this.#version) } });
    return structuredClone(this.lease);
  }

  async #network(signal?: AbortSignal): Promise<void> {
    if (this.hanging) await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
    const latencyMs = this.latenciesMs.shift();
    await (latencyMs === undefined ? Promise.resolve() : clock.sleep(latencyMs, signal));
    if (!this.reachable) throw new Error('unreachable');
  }
}

const clock = new FakeClock();
const electors: LeaderElector[] = [];
afterEach(async () => {
  const stopping = electors.splice(0).map((elector) => elector.stop());
  await clock.advance(60_000);
  await Promise.all(stopping);
});

async function candidate(client: LeaseClient, identity: string) {
  const events: string[] = [];
  const failures: unknown[] = [];
  let end: (error?: Error) => void = () => undefined;
  const elector = new LeaderElector({ name: 'x', identity }, {
    client,
    clock,
    log: silentLogger,
    fail: (error) => failures.push(error),
    lead: (signal) =>
      new Promise((resolve, reject) => {
        events.push('lead');
        end = (error) => (error ? reject(error) : resolve());
        signal.addEventListener('abort', () => {
          events.push('stopped');
          resolve();
        });
      }),
  });
  electors.push(elector);
  await elector.start();
  await clock.settle();
  return { elector, events, failures, end: (error?: Error) => end(error) };
}

describe('LeaderElector', () => {
  it('lets one lead and renews its lease', async () => {
    const leases = new FakeLeases();
    const a = await candidate(leases, 'a');
    const b = await candidate(leases, 'b');
    expect(leases.lease?.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect(leases.lease?.spec?.renewTime).toMatch(/^2026-01-01T00:00:00\.\d{6}Z$/);
    const acquired = leases.lease?.spec?.acquireTime;
    await clock.advance(120_000);
    expect([a.events, b.events, a.elector.isLeader, b.elector.isLeader]).toEqual([['lead'], [], true, false]);
    expect(leases.lease?.spec?.acquireTime).toBe(acquired);
  });

  it('hands over at once when the leader stops', async () => {
    const leases = new FakeLeases();
    const a = await candidate(leases, 'a');
    const b = await candidate(leases, 'b');
    await a.elector.stop();
    expect(leases.lease?.spec?.holderIdentity).toBe('');
    await clock.advance(5000);
    expect([a.events, b.events]).toEqual([['lead', 'stopped'], ['lead']]);
    expect(leases.lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it.each(['reachable', 'hanging'] as const)('stops leading before the lease ends when renewals fail (%s)', async (how) => {
    const leases = new FakeLeases();
    const a = await candidate(leases, 'a');
    await clock.advance(3000);
    leases[how] = how === 'hanging';
    await clock.advance(8900);
    expect(a.elector.isLeader).toBe(true);
    await clock.advance(200);
    expect([a.elector.isLeader, a.events]).toEqual([false, ['lead', 'stopped']]);
    leases[how] = how !== 'hanging';
    await clock.advance(20_000);
    expect(a.events).toEqual(['lead', 'stopped', 'lead']);
  });

  it('takes over a silent leader only after the lease duration', async () => {
    const leases = new FakeLeases();
    await leases.create(undefined, { metadata: { name: 'x' }, spec: { holderIdentity: 'gone', leaseDurationSeconds: 15, leaseTransitions: 3 } });
    const b = await candidate(leases, 'b');
    await clock.advance(14_900);
    expect(b.events).toEqual([]);
    await clock.advance(5000);
    expect(b.events).toEqual(['lead']);
    expect(leases.lease?.spec?.leaseTransitions).toBe(4);
  });

  it.each([-86_400_000, 86_400_000])('is not fooled by a clock that is set by %d ms', async (ms) => {
    const leases = new FakeLeases();
    const a = await candidate(leases, 'a');
    const b = await candidate(leases, 'b');
    await clock.advance(20_000);
    clock.jump(ms);
    await clock.advance(20_000);
    expect([a.events, b.events]).toEqual([['lead'], []]);
    leases.reachable = false;
    clock.jump(ms);
    await clock.advance(10_100);
    expect([a.elector.isLeader, a.events]).toEqual([false, ['lead', 'stopped']]);
    leases.reachable = true;
  });

  it('goes on leading when it took long to be elected, as while a server starts', async () => {
    const leases = new FakeLeases();
    await leases.create(undefined, { metadata: { name: 'x' }, spec: { holderIdentity: '' } });
    leases.latenciesMs = [4_500, 4_500];
    const a = await candidate(leases, 'a');
    await clock.advance(60_000);
    expect([a.events, a.elector.isLeader]).toEqual([['lead'], true]);
  });

  it('stops leading when another took the lease', async () => {
    const leases = new FakeLeases();
    const a = await candidate(leases, 'a');
    const stolen = await leases.get();
    await leases.update(undefined, { ...stolen, spec: { ...stolen.spec, holderIdentity: 'thief' } });
    await clock.advance(4500);
    expect(a.events).toEqual(['lead', 'stopped']);
    expect(a.elector.isLeader).toBe(false);
  });

  it('goes on leading when a renewal was applied but its answer lost', async () => {
    const leases = new FakeLeases();
    const a = await candidate(leases, 'a');
    await leases.update(undefined, await leases.get());
    await clock.advance(30_000);
    expect([a.events, a.elector.isLeader]).toEqual([['lead'], true]);
  });

  it('reports work that fails, and gives the lease up', async () => {
    const leases = new FakeLeases();
    const a = await candidate(leases, 'a');
    a.end(new Error('broken'));
    await clock.settle();
    expect(a.failures).toEqual([new Error('broken')]);
    expect(leases.lease?.spec?.holderIdentity).toBe('');
  });

  it('refuses times that would let two lead', () => {
    const deps = { client: new FakeLeases(), clock, log: silentLogger, fail: () => undefined, lead: () => Promise.resolve() };
    expect(() => new LeaderElector({ name: 'x', leaseDurationMs: 5000, renewDeadlineMs: 5000 }, deps)).toThrow('leaseDuration must be greater than renewDeadline');
    expect(() => new LeaderElector({ name: 'x', retryPeriodMs: 9000 }, deps)).toThrow('renewDeadline must be greater than retryPeriod*JitterFactor');
  });
});
