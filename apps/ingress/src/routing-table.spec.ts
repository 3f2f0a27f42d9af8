import type { networkingv1 } from '@navarch/api';
import { RoutingTable } from './routing-table';

const backend = (name: string): networkingv1.IngressBackend => ({ service: { name, port: { number: 80 } } });
const ingress = (name: string, spec: networkingv1.IngressSpec, creationTimestamp = '2026-01-01T00:00:00Z'): networkingv1.Ingress => ({ metadata: { name, namespace: 'default', creationTimestamp }, spec });
const rule = (host: string | undefined, ...paths: [string, string, string][]): networkingv1.IngressRule => ({
  ...(host === undefined ? {} : { host }),
  http: { paths: paths.map(([pathType, path, service]) => ({ pathType, path, backend: backend(service) })) },
});
const table = new RoutingTable([
  ingress('hosts', { rules: [
    rule('a.example.com', ['Prefix', '/', 'a'], ['Prefix', '/foo', 'a-foo'], ['Exact', '/foo', 'a-exact'], ['ImplementationSpecific', '/spec', 'a-spec']),
    rule('*.example.com', ['Prefix', '/', 'wild']), rule(undefined, ['Prefix', '/open', 'open']), rule('slash.test', ['Prefix', '/foo/', 'slash'], ['Prefix', '/both/', 'under'], ['Exact', '/both', 'exact']),
  ] }),
  ingress('younger', { defaultBackend: backend('rest'), rules: [rule('a.example.com', ['Prefix', '/foo', 'late'], ['Prefix', '/new', 'new'])] }, '2026-01-02T00:00:00Z'),
]);

describe('RoutingTable', () => {
  it.each([
    ['a.example.com', '/', 'a'], ['A.Example.COM', '/bar', 'a'],
    ['a.example.com', '/foo', 'a-exact'], ['a.example.com', '/foo/', 'a-foo'], ['a.example.com', '/foo/bar', 'a-foo'], ['a.example.com', '/foobar', 'a'],
    ['a.example.com', '/spec/x', 'a-spec'], ['a.example.com', '/new', 'new'],
    ['b.example.com', '/', 'wild'], ['b.c.example.com', '/', 'rest'], ['example.com', '/', 'rest'],
    ['other.test', '/open', 'open'], ['other.test', '/', 'rest'],
    ['slash.test', '/foo', 'slash'], ['slash.test', '/foo/x', 'slash'], ['slash.test', '/food', 'rest'], ['slash.test', '/both', 'exact'], ['slash.test', '/both/', 'under'],
  ])('%s%s goes to %s', (host, path, service) => {
    expect(table.find(host, path)?.service).toBe(service);
  });

  it('finds nothing where nobody has a rule or default', () => {
    expect(new RoutingTable([]).find('a', '/')).toBeUndefined();
  });
});
