import { silentLogger } from '@navarch/component-base';
import { freePort } from '@navarch/testing';
import { HealthCheckPorts } from './health-check-ports';

describe('health check ports', () => {
  it('answer by the number of endpoints on this node, and close with their Service', async () => {
    let healthy = true;
    const ports = new HealthCheckPorts({ host: '127.0.0.1' }, { proxyHealthy: () => healthy, log: silentLogger });
    const port = await freePort();
    const health = { namespace: 'default', name: 'web', port };
    const ask = async (): Promise<[number, unknown]> => {
      const response = await fetch(`http://127.0.0.1:${port}/healthz`);
      return [response.status, await response.json()];
    };
    try {
      await ports.update([{ ...health, localEndpoints: 2 }]);
      const { headers } = await fetch(`http://127.0.0.1:${port}/`);
      expect(['content-type', 'x-content-type-options', 'x-load-balancing-endpoint-weight'].map((name) => headers.get(name))).toEqual(['application/json', 'nosniff', '2']);
      expect(await ask()).toEqual([200, { service: { namespace: 'default', name: 'web' }, localEndpoints: 2, serviceProxyHealthy: true }]);
      await ports.update([{ ...health, localEndpoints: 0 }]);
      expect(await ask()).toEqual([503, { service: { namespace: 'default', name: 'web' }, localEndpoints: 0, serviceProxyHealthy: true }]);
      await ports.update([{ ...health, localEndpoints: 1 }]);
      healthy = false;
      expect((await ask())[0]).toBe(503);
      await ports.update([]);
      await expect(ask()).rejects.toThrow();
    } finally {
      await ports.stop();
    }
  });
});
