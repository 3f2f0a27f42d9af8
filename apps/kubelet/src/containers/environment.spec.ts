import { type corev1 } from '@navarch/api';
import { aContainer, aPod } from '../testing/pod-bench';
import { expand } from './expand';
import { makeEnvironment, type ReferencedData } from './environment';
import { serviceEnvironment } from './service-environment';

const data: ReferencedData = {
  configMap: (_namespace, name) => name === 'settings' ? Promise.resolve({ metadata: {}, data: { color: 'green', 'not=a name': 'x' } }) : Promise.reject(new Error(`configmap "${name}" not found`)),
  secret: (_namespace, name) => name === 'keys' ? Promise.resolve({ metadata: {}, data: { token: Buffer.from('s3cret').toString('base64') } }) : Promise.reject(new Error(`secret "${name}" not found`)),
  isMissing: () => true,
};

async function environment(container: Partial<corev1.Container>, services: ReadonlyMap<string, string> = new Map()): Promise<Record<string, string>> {
  const pod = aPod({ serviceAccountName: 'robot' }, { labels: { app: 'web' }, annotations: { note: 'hi' } });
  const addresses = { podIPs: ['10.0.0.2', 'fd00::2'], hostIPs: ['192.0.2.1'] };
  return Object.fromEntries(
    await makeEnvironment({
      pod,
      container: aContainer('main', container),
      services,
      addresses,
      allocatable: { cpu: '4', memory: '8Gi' },
      file: (volume, path) =>
        volume === 'shared' && path === 'env'
          ? Promise.resolve(Buffer.from('A=from-file'))
          : Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' })),
      data,
    }),
  );
}

const from = (valueFrom: corev1.EnvVarSource): Partial<corev1.Container> => ({ env: [{ name: 'A', valueFrom }] });

describe('expand', () => {
  it.each([
    ['$(A)-$(B)', '1-2'], ['$(NONE)', '$(NONE)'], ['$$(A)', '$(A)'], ['$$$(A)', '$1'], ['$A', '$A'], ['a$', 'a$'], ['$(A', '$(A'], ['$()', '$()'], ['no dollar', 'no dollar'],
  ])('%s is %s', (text, expected) => {
    expect(expand(text, (name) => ({ A: '1', B: '2' })[name])).toBe(expected);
  });
});

describe('makeEnvironment', () => {
  it('refuses what no process can be given, before it fills the node\'s memory', async () => {
    const doubled = Array.from({ length: 40 }, (_, index) => ({ name: `A${index + 1}`, value: `$(A${index})$(A${index})` }));
    await expect(environment({ env: [{ name: 'A0', value: 'ha' }, ...doubled] })).rejects.toThrow('references expand to more than 131072 bytes');
    const repeated = Array.from({ length: 100 }, (_, index) => ({ name: `B${index}`, value: '$(A)' }));
    await expect(environment({ env: [{ name: 'A', value: 'x'.repeat(100_000) }, ...repeated] })).rejects.toThrow('variables are larger than 6291456 bytes together');
    await expect(environment({ env: [{ name: 'A', value: 'x'.repeat(100_000) }, ...repeated.slice(0, 50)] })).resolves.toMatchObject({ B49: expect.stringMatching(/^x{100000}$/) as string });
  });

  it.each<[string, corev1.EnvVarSource, string]>([
    ['a label', { fieldRef: { fieldPath: "metadata.labels['app']" } }, 'web'],
    ['all pod addresses', { fieldRef: { fieldPath: 'status.podIPs' } }, '10.0.0.2,fd00::2'],
    ['the service account', { fieldRef: { fieldPath: 'spec.serviceAccountName' } }, 'robot'],
    ['the node', { fieldRef: { fieldPath: 'spec.nodeName' } }, 'node-1'],
    ['a limit that is not set, from the node', { resourceFieldRef: { resource: 'limits.memory', divisor: '1Gi' } }, '8'],
    ['a ConfigMap', { configMapKeyRef: { name: 'settings', key: 'color' } }, 'green'],
    ['a Secret', { secretKeyRef: { name: 'keys', key: 'token' } }, 's3cret'],
  ])('reads %s', async (_what, source, expected) => {
    await expect(environment(from(source))).resolves.toEqual({ A: expected });
  });

  it.each<[string, corev1.EnvVarSource]>([
    ['configmap "none" not found', { configMapKeyRef: { name: 'none', key: 'a' } }],
    ["couldn't find key a in ConfigMap default/settings", { configMapKeyRef: { name: 'settings', key: 'a' } }],
    ["couldn't find key a in Secret default/keys", { secretKeyRef: { name: 'keys', key: 'a' } }],
    ['unsupported fieldPath: spec.none', { fieldRef: { fieldPath: 'spec.none' } }],
  ])('fails with: %s', async (message, source) => {
    await expect(environment(from(source))).rejects.toMatchObject({ name: 'ContainerConfigError', message });
  });

  it('leaves out what is optional and missing', async () => {
    await expect(environment({
      envFrom: [{ configMapRef: { name: 'none', optional: true } }],
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'a', optional: true } } }, { name: 'B', valueFrom: { secretKeyRef: { name: 'keys', key: 'none', optional: true } } }],
    })).resolves.toEqual({});
  });

  it('lets own variables win over sources, and both over services; sees earlier ones in values', async () => {
    await expect(environment({
      envFrom: [{ configMapRef: { name: 'settings' }, prefix: 'P_' }, { secretRef: { name: 'keys' } }],
      env: [{ name: 'token', value: 'own' }, { name: 'URL', value: 'http://$(WEB_SERVICE_HOST)/$(P_color)/$(LATER)' }, { name: 'LATER', value: 'x' }],
    }, new Map([['WEB_SERVICE_HOST', '10.96.0.5'], ['P_color', 'from a service']]))).resolves.toEqual({
      P_color: 'green', token: 'own', URL: 'http://10.96.0.5/green/$(LATER)', LATER: 'x', WEB_SERVICE_HOST: '10.96.0.5',
    });
  });
});

describe('serviceEnvironment', () => {
  const service = (namespace: string, name: string, clusterIP: string): corev1.Service => ({
    metadata: { namespace, name }, spec: { clusterIP, ports: [{ name: 'http', port: 80 }, { name: 'dns-udp', port: 53, protocol: 'UDP' }] },
  });
  const services = [service('default', 'kubernetes', '10.96.0.1'), service('default', 'my-web', '10.96.0.5'), service('other', 'far', '10.96.0.6'), service('default', 'headless', 'None')];

  it('names services of the pod\'s namespace, as Docker links did', () => {
    const result = serviceEnvironment(aPod(), services);
    expect([...result].filter(([name]) => name.startsWith('MY_WEB'))).toEqual([
      ['MY_WEB_SERVICE_HOST', '10.96.0.5'], ['MY_WEB_SERVICE_PORT', '80'], ['MY_WEB_PORT', 'tcp://10.96.0.5:80'], ['MY_WEB_SERVICE_PORT_HTTP', '80'],
      ['MY_WEB_PORT_80_TCP', 'tcp://10.96.0.5:80'], ['MY_WEB_PORT_80_TCP_PROTO', 'tcp'], ['MY_WEB_PORT_80_TCP_PORT', '80'], ['MY_WEB_PORT_80_TCP_ADDR', '10.96.0.5'],
      ['MY_WEB_SERVICE_PORT_DNS_UDP', '53'],
      ['MY_WEB_PORT_53_UDP', 'udp://10.96.0.5:53'], ['MY_WEB_PORT_53_UDP_PROTO', 'udp'], ['MY_WEB_PORT_53_UDP_PORT', '53'], ['MY_WEB_PORT_53_UDP_ADDR', '10.96.0.5'],
    ]);
    expect(result.has('FAR_SERVICE_HOST')).toBe(false);
    expect(result.has('HEADLESS_SERVICE_HOST')).toBe(false);
  });

  it('without links names only the API\'s service', () => {
    const names = [...serviceEnvironment(aPod({ enableServiceLinks: false }), services).keys()];
    expect(names.every((name) => name.startsWith('KUBERNETES_'))).toBe(true);
    expect(names).toContain('KUBERNETES_SERVICE_HOST');
  });
});
