import { createServer, type AddressInfo } from 'node:net';
import { silentLogger } from '@navarch/component-base';
import { freePort } from '@navarch/testing';
import { HealthCheckPorts } from './health-check-ports';

describe('health check ports', () => {
  it('answer by the number of endpoints on this node, and close with their Service', async () => {
    let healthy = true;
    const ports = new HealthCheckPorts({ hosts: () => ['127.0.0.1'] }, { proxyHealthy: () => healthy, log: silentLogger });
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

  it('are served at the addresses that are asked for, and at no other', async () => {
    const ports = new HealthCheckPorts({ hosts: () => ['127.0.0.1', '127.0.0.2'] }, { proxyHealthy: () => true, log: silentLogger });
    const port = await freePort();
    try {
      await ports.update([{ namespace: 'default', name: 'web', port, localEndpoints: 1 }]);
      for (const host of ['127.0.0.1', '127.0.0.2']) expect((await fetch(`http://${host}:${port}/`)).status).toBe(200);
      await expect(fetch(`http://127.0.0.3:${port}/`)).rejects.toThrow();
    } finally {
      await ports.stop();
    }
  });

  it('tell of one that somebody else has, and serve the others', async () => {
    const failed: string[] = [];
    const ports = new HealthCheckPorts({ hosts: () => ['127.0.0.1'] }, { proxyHealthy: () => true, log: silentLogger, onFailure: ({ name }, error) => failed.push(`${name}: ${error.message}`) });
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const free = await freePort();
    try {
      await ports.update([{ namespace: 'default', name: 'unlucky', port, localEndpoints: 1 }, { namespace: 'default', name: 'web', port: free, localEndpoints: 1 }]);
      expect(failed).toEqual([expect.stringMatching(/^unlucky: listen EADDRINUSE/)]);
      expect((await fetch(`http://127.0.0.1:${free}/`)).status).toBe(200);
    } finally {
      await ports.stop();
      await new Promise((resolve) => taken.close(resolve));
    }
  });
});
