import { Registry, Counter } from 'prom-client';
import { HealthChecks } from './health-checks';
import { HealthServer } from './health-server';
import { silentLogger } from './logger';
import { ZPages } from './zpages/zpages';

async function serve(checks = new HealthChecks()) {
  const registry = new Registry();
  new Counter({ name: 'things_total', help: 'Things.', registers: [registry] }).inc(3);
  const zpages = new ZPages({ component: 'test', startedMs: 0, flags: { v: '2' } }, { clock: { now: () => 5000 } });
  const server = new HealthServer({ host: '127.0.0.1', port: 0 }, { checks, registry, log: silentLogger, zpages, configz: () => ({ test: { a: 1 } }) });
  await server.start();
  const get = async (path: string, method = 'GET', headers: Record<string, string> = {}): Promise<{ status: number; body: string }> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers });
    return { status: response.status, body: await response.text() };
  };
  return { server, get };
}

describe('HealthServer', () => {
  it('answers health in the words of upstream', async () => {
    const checks = new HealthChecks();
    let level = false;
    checks.addReady('informer-sync', () => {
      if (!level) throw new Error('2 informers not started yet');
    });
    const { server, get } = await serve(checks);
    expect(await get('/livez')).toEqual({ status: 200, body: 'ok' });
    expect(await get('/readyz')).toEqual({ status: 500, body: '[+]ping ok\n[-]informer-sync failed: reason withheld\nreadyz check failed\n' });
    expect((await get('/readyz/informer-sync')).status).toBe(500);
    expect(await get('/readyz?exclude=informer-sync')).toEqual({ status: 200, body: 'ok' });
    level = true;
    expect(await get('/readyz?verbose')).toEqual({ status: 200, body: '[+]ping ok\n[+]informer-sync ok\nreadyz check passed\n' });
    expect(await get('/healthz/ping')).toEqual({ status: 200, body: 'ok' });
    expect((await get('/healthz/none')).status).toBe(404);
    const slis = (await get('/metrics/slis')).body.split('\n');
    expect(slis).toEqual(expect.arrayContaining([
      'kubernetes_healthcheck{name="informer-sync",type="readyz"} 1', 'kubernetes_healthchecks_total{name="informer-sync",type="readyz",status="error"} 2',
      'kubernetes_healthchecks_total{name="informer-sync",type="readyz",status="success"} 1', 'kubernetes_healthcheck{name="ping",type="livez"} 1',
    ]));
    await server.stop();
  });

  it('serves metrics, configz and added paths, and nothing else', async () => {
    const { server, get } = await serve();
    server.handle('/debug/x', (_request, response) => void response.end('x'));
    expect((await get('/metrics')).body).toContain('things_total 3');
    expect((await get('/configz')).body).toBe('{"test":{"a":1}}\n');
    expect((await get('/debug/x')).body).toBe('x');
    const as = (kind: string): Record<string, string> => ({ accept: `application/json;g=config.k8s.io;v=v1beta1;as=${kind}` });
    expect(JSON.parse((await get('/statusz', 'GET', as('Statusz'))).body)).toMatchObject({ kind: 'Statusz', uptimeSeconds: 5, paths: ['/configz', '/debug', '/flagz', '/healthz', '/livez', '/metrics', '/readyz'] });
    expect(JSON.parse((await get('/flagz', 'GET', as('Flagz'))).body)).toMatchObject({ kind: 'Flagz', metadata: { name: 'test' }, flags: { v: '2' } });
    expect((await get('/flagz')).body).toMatch(/^\ntest flagz\nWarning: /);
    expect((await get('/statusz', 'GET', as('Flagz'))).status).toBe(406);
    expect((await get('/')).status).toBe(404);
    expect((await get('/metrics', 'POST')).status).toBe(405);
    expect((await get('//')).status).toBe(400);
    await server.stop();
    await server.stop();
  });

  it('answers 500 when a handler throws, and lives on', async () => {
    const { server, get } = await serve();
    server.handle('/bad', () => Promise.reject(new Error('no')));
    expect((await get('/bad')).status).toBe(500);
    expect((await get('/healthz')).status).toBe(200);
    await server.stop();
  });
});
