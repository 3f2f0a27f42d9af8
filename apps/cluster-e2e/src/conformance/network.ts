import { type ConformingApi, condition, conditionsOf, image, podOf, select } from './conforming-api';

/** [sig-network], as far as it can be seen without packets. */
export function network(api: () => ConformingApi): void {
  const service = (name: string, spec: object, labels: Readonly<Record<string, string>> = {}): object => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, labels }, spec });

  it('completes the life of a Service\'s status', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}/services`;
    await api().post(path, service('service', { type: 'LoadBalancer', loadBalancerClass: 'example.com/none', ports: [{ port: 80 }] }, { test: 'true' }));
    expect((await api().get(`${path}/service/status`)).status).toEqual({ loadBalancer: {} });
    await api().patch(`${path}/service/status`, 'merge', { metadata: { annotations: { patched: 'true' } }, status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } } });
    await api().update(`${path}/service/status`, (object) => ({
      ...object,
      status: { ...object.status, conditions: [...conditionsOf(object), { ...condition('StatusUpdate'), lastTransitionTime: '2026-01-01T00:00:00Z' }] },
    }));
    expect(await api().get(`${path}/service`)).toMatchObject({
      metadata: { annotations: { patched: 'true' } },
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] }, conditions: [{ type: 'StatusUpdate' }] },
    });
    await api().delete(`${path}${select({ test: 'true' })}`);
    await api().count(path, 0);
  });

  it('changes the type of a Service there and back', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}/services/service`;
    const become = (spec: object): Promise<{ spec: Readonly<Record<string, unknown>> }> => api().update(path, (object) => ({ ...object, spec: { ...object.spec, ...spec } }));
    const external = { type: 'ExternalName', externalName: 'foo.example.com', clusterIP: '' };
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    await api().post(path.replace(/\/service$/, ''), service('service', { type: 'ExternalName', externalName: 'foo.example.com' }));
    expect((await become({ type: 'ClusterIP', externalName: '', ports })).spec).toMatchObject({ clusterIP: expect.stringMatching(/^\d/) as string });
    expect((await become(external)).spec).not.toHaveProperty('clusterIP');
    expect((await become({ type: 'NodePort', externalName: '', ports })).spec).toMatchObject({
      clusterIP: expect.stringMatching(/^\d/) as string,
      ports: [{ nodePort: expect.any(Number) as number }],
    });
    const { spec } = await become({ ...external, ports: [{ ...ports[0], nodePort: 0 }] });
    expect(spec).not.toHaveProperty('clusterIP');
    expect((spec['ports'] as object[])[0]).not.toHaveProperty('nodePort');
  });

  it('makes Endpoints and EndpointSlices for the pods of a Service', async () => {
    const namespace = `/api/v1/namespaces/${await api().namespace()}`;
    const slices = (name: string): string => `${namespace.replace('/api/v1', '/apis/discovery.k8s.io/v1')}/endpointslices${select({ 'kubernetes.io/service-name': name })}`;
    const pod = (name: string, containerPort: number): object => podOf(name, { containers: [{ name: 'main', image, ports: [{ name: 'example', containerPort }] }] }, { labels: { app: 'served' } });
    for (const [name, port] of [['pod1', 3000], ['pod2', 3001]] as const) await api().post(`${namespace}/pods`, pod(name, port));
    const of = (name: string, targetPort: number | string, app = 'served'): Promise<object> =>
      api().post(
        `${namespace}/services`,
        service(name, { selector: { app }, publishNotReadyAddresses: true, ports: [{ name: 'http', port: 80, targetPort }] }),
      );
    await of('by-number', 3000);
    await of('by-name', 'example');
    await of('nobody', 3000, 'none');
    const shown = async (name: string): Promise<unknown> => (await api().list(slices(name))).map((slice) => {
      const { ports = [], endpoints } = slice as unknown as { ports?: { port: number }[] | null; endpoints: object[] | null };
      return [(ports ?? []).map(({ port }) => port), (endpoints ?? []).length];
    }).sort();
    await api().until(async () => expect(await shown('by-number')).toEqual([[[3000], 2]]));
    await api().until(async () => expect(await shown('by-name')).toEqual([[[3000], 1], [[3001], 1]]));
    await api().until(async () => expect(await shown('nobody')).toEqual([[[], 0]]));
    await api().until(async () => expect((await api().get(`${namespace}/endpoints/by-name`)) as unknown as { subsets: object[] }).toMatchObject({ subsets: [{}, {}] }));
    await api().delete(`${namespace}/services/by-number`);
    await api().count(slices('by-number'), 0);
    await api().gone(`${namespace}/endpoints/by-number`);
  });

  it('mirrors custom Endpoints through their life', async () => {
    const namespace = await api().namespace();
    const path = `/api/v1/namespaces/${namespace}`;
    const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices${select({ 'kubernetes.io/service-name': 'custom' })}`;
    const subsets = (ip: string, port: number): object => ({ subsets: [{ addresses: [{ ip }], ports: [{ port }] }] });
    const mirrored = (ip: string, port: number): Promise<void> =>
      api().until(async () =>
        expect(await api().list(slices)).toMatchObject([
          {
            metadata: { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' } },
            endpoints: [{ addresses: [ip] }],
            ports: [{ port, protocol: 'TCP' }],
          },
        ]),
      );
    await api().post(`${path}/services`, service('custom', { ports: [{ port: 80 }] }));
    await api().post(`${path}/endpoints`, { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'custom' }, ...subsets('10.1.2.3', 80) });
    await mirrored('10.1.2.3', 80);
    await api().update(`${path}/endpoints/custom`, (object) => ({ ...object, ...subsets('10.2.3.4', 81) }));
    await mirrored('10.2.3.4', 81);
    await api().delete(`${path}/endpoints/custom`);
    await api().count(slices, 0);
  });
}
