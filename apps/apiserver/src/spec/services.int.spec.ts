import type { RestClient } from '../testing';
import { useTestApi } from './use-test-api';

interface Any { message?: string; spec: Record<string, unknown> }

describe('Services', () => {
  let api: RestClient;

  useTestApi((running) => {
    ({ api } = running);
  });

  const services = '/api/v1/namespaces/default/services';
  const service = (name: string, spec: Record<string, unknown> = {}) => ({ metadata: { name }, spec: { ports: [{ port: 80 }], selector: { app: name }, ...spec } });

  it('are given addresses and node ports, which are free again afterwards', async () => {
    const { body } = await api.post<Any>(services, service('web', { type: 'NodePort' }));
    const address = body.spec['clusterIP'] as string;
    const [{ nodePort } = { nodePort: 0 }] = body.spec['ports'] as { nodePort: number }[];
    expect(address).toMatch(/^10\./);
    expect(nodePort).toBeGreaterThanOrEqual(30000);
    expect((await api.get<Any>(`/apis/networking.k8s.io/v1/ipaddresses/${address}`)).code).toBe(200);
    const taken = await api.post<Any>(services, service('other', { clusterIP: address }));
    expect(taken).toMatchObject({ code: 422, body: { message: expect.stringContaining('provided IP is already allocated') as string } });
    const port = await api.post<Any>(services, service('third', { type: 'NodePort', ports: [{ port: 80, nodePort }] }));
    expect(port).toMatchObject({ code: 422, body: { message: expect.stringContaining('provided port is already allocated') as string } });
    await api.delete(`${services}/web`);
    expect((await api.post<Any>(services, service('other', { clusterIP: address, type: 'NodePort', ports: [{ port: 80, nodePort }] }))).code).toBe(201);
  });

  it('of many clients at once never share an address', async () => {
    const made = await Promise.all(Array.from({ length: 30 }, (_, i) => api.post<Any>(services, service(`many-${i}`))));
    expect(new Set(made.map(({ body }) => body.spec['clusterIP'])).size).toBe(30);
  });

  it('keep their address in updates, and give up node ports with their type', async () => {
    const { body } = await api.post<Any>(services, service('typed', { type: 'NodePort' }));
    const patched = await api.patch<Any>(`${services}/typed`, 'merge', { spec: { type: 'ClusterIP' } });
    expect(patched.body.spec['clusterIP']).toBe(body.spec['clusterIP']);
    expect((patched.body.spec['ports'] as { nodePort?: number }[])[0]?.nodePort).toBeUndefined();
  });

  it('include kubernetes itself, with its endpoints', async () => {
    expect((await api.get<Any>(`${services}/kubernetes`)).body.spec['clusterIP']).toBe('10.96.0.1');
    expect((await api.get<{ endpoints: { addresses: string[] }[] }>('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes')).body.endpoints).toContainEqual(expect.objectContaining({ addresses: ['192.0.2.1'] }));
  });
});
