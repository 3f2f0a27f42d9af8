import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock } from '@navarch/clock';
import { ProxyHealth } from './proxy-health';

describe('the health of a proxy', () => {
  const clock = new FakeClock();
  let eligible = true;
  const counted: string[] = [];
  const health = new ProxyHealth({ clock, nodeEligible: () => eligible, onAnswer: (path, code) => counted.push(`${path} ${code}`) });
  const server = createServer(({ url }, response) => (url === '/livez' ? health.livez(response) : health.healthz(response)));
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const ask = async (path: string): Promise<[number, Record<string, unknown>]> => {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    expect(response.headers.get('content-type')).toBe('application/json');
    return [response.status, (await response.json()) as Record<string, unknown>];
  };
  const now = (): string => new Date(clock.now()).toISOString();

  it('is good while it starts, and while a change is young', async () => {
    health.queued();
    await clock.advance(120_000);
    expect(await ask('/healthz')).toEqual([200, { lastUpdated: now(), currentTime: now(), nodeEligible: true }]);
    health.updated();
    health.queued();
    await clock.advance(59_000);
    expect((await ask('/livez'))[0]).toBe(200);
  });

  it('is bad when a change has waited for too long, until all is in force', async () => {
    const updated = clock.now() - 59_000;
    await clock.advance(1_000);
    health.queued();
    expect(await ask('/livez')).toEqual([503, { lastUpdated: new Date(updated).toISOString(), currentTime: now() }]);
    expect((await ask('/healthz'))[0]).toBe(503);
    health.updated();
    expect((await ask('/healthz'))[0]).toBe(200);
  });

  it('sends load balancers away from a node that goes, and is alive all the same', async () => {
    eligible = false;
    expect(await ask('/healthz')).toEqual([503, { lastUpdated: now(), currentTime: now(), nodeEligible: false }].map((part) => (typeof part === 'number' ? part : { ...part, lastUpdated: expect.any(String) as unknown })));
    expect((await ask('/livez'))[0]).toBe(200);
    expect(counted.slice(-2)).toEqual(['healthz 503', 'livez 200']);
  });
});
