import type { RestClient } from '../testing';
import { useTestApi } from './use-test-api';

interface Service {
  readonly spec: { readonly clusterIP?: string; readonly clusterIPs?: readonly string[]; readonly ipFamilies?: readonly string[]; readonly ipFamilyPolicy?: string };
}

describe('a server with Service ranges of both families', () => {
  const services = '/api/v1/namespaces/default/services';
  const addresses = '/apis/networking.k8s.io/v1/ipaddresses';
  let api: RestClient;

  useTestApi((running) => {
    ({ api } = running);
  }, ['--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112', '--endpoint-reconciler-type=none']);

  const create = async (name: string, spec: object): Promise<{ code: number; spec: Service['spec'] }> => {
    const { code, body } = await api.post<Service>(services, { metadata: { name }, spec: { ports: [{ port: 80 }], selector: { app: name }, ...spec } });
    return { code, spec: body.spec };
  };

  it('has its own Service, and leaves the endpoints of that to others if so told', async () => {
    expect((await api.get<Service>(`${services}/kubernetes`)).body.spec.clusterIP).toBe('10.96.0.1');
    expect((await api.get('/api/v1/namespaces/default/endpoints/kubernetes')).code).toBe(404);
    expect((await api.get('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes')).code).toBe(404);
  });

  it('gives a Service what it asks for, and an IPAddress each that says whose it is', async () => {
    expect((await create('one', {})).spec).toMatchObject({ ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'], clusterIPs: [expect.stringMatching(/^10\.96\./)] });
    const { spec } = await create('both', { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] });
    const [v6 = '', v4 = ''] = spec.clusterIPs ?? [];
    expect([spec.clusterIP, v6, v4]).toEqual([v6, expect.stringMatching(/^fd00:10:96::/), expect.stringMatching(/^10\.96\./)]);
    expect((await api.get(`${addresses}/${v6}`)).body).toMatchObject({ metadata: { labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv6' } }, spec: { parentRef: { name: 'both' } } });
    expect((await create('thief', { clusterIP: v6 })).code).toBe(422);
  });

  it('gives and takes the second with the policy', async () => {
    const { spec } = await create('changing', {});
    const patch = async (ipFamilyPolicy: string): Promise<Service['spec']> => (await api.patch<Service>(`${services}/changing`, 'merge', { spec: { ipFamilyPolicy } })).body.spec;
    const two = await patch('PreferDualStack');
    expect(two).toMatchObject({ ipFamilies: ['IPv4', 'IPv6'], clusterIPs: [spec.clusterIP, expect.stringMatching(/^fd00:/)] });
    const second = two.clusterIPs?.[1] ?? '';
    expect((await api.get(`${addresses}/${second}`)).code).toBe(200);
    expect(await patch('SingleStack')).toMatchObject({ ipFamilies: ['IPv4'], clusterIPs: [spec.clusterIP] });
    expect((await api.get(`${addresses}/${second}`)).code).toBe(404);
  });
});
