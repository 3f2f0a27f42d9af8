import { CertificateAuthority } from '@navarch/pki';
import { systemClock } from '@navarch/clock';
import { ask } from '../harness/ask';
import type { RunningCluster } from '../harness/cluster';
import type { Output } from '../harness/shell';
import { useNamespace } from '../harness/use-namespace';
import { service, webPod } from '../harness/web-objects';

const namespace = 'network';

/** A Deployment of one pod, whose autoscaler wants less memory of each than any process has: from the start, so that it has measured by the end. */
const sized: readonly object[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'sized' },
    spec: {
      selector: { matchLabels: { app: 'sized' } },
      template: {
        metadata: { labels: { app: 'sized' } },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'web', image: 'navarch.local/web:1' }] },
      },
    },
  },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'sized' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'sized' },
      minReplicas: 1,
      maxReplicas: 2,
      metrics: [{ type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Ki' } } }],
    },
  },
];

/** What a cluster with nodes `node-1` and `node-2` and real containers promises of its network, however it is run. */
export function network(cluster: RunningCluster): void {
  const { kubectl, apply } = useNamespace(cluster, namespace, [
    webPod('web', 'node-1', { app: 'web' }),
    webPod('client', 'node-2', { app: 'client' }),
    webPod('stranger', 'node-1', { app: 'stranger' }),
    webPod('db-0', 'node-2', { app: 'db' }, { hostname: 'db-0', subdomain: 'db' }),
    service('web', { selector: { app: 'web' } }),
    service('db', { selector: { app: 'db' }, clusterIP: 'None' }),
    service('out', { type: 'ExternalName', externalName: `web.${namespace}.svc.cluster.local`, ports: undefined }),
    ...sized,
  ]);
  const tryKubectl = (args: string): Promise<Output> => cluster.tryKubectl(`-n ${namespace} ${args}`);
  /** What a pod gets of a URL: its body, or undefined when nobody answers in a second. */
  const fetchFrom = async (pod: string, url: string): Promise<string | undefined> => {
    const { code, stdout } = await tryKubectl(`exec ${pod} -- wget -q -T 1 -O- ${url}`);
    return code === 0 ? stdout : undefined;
  };
  const lookUp = (name: string): Promise<string> => kubectl(`exec client -- nslookup ${name}`);

  it('gives names to Services, pods and aliases', async () => {
    const clusterIp = await kubectl('get service web -o jsonpath={.spec.clusterIP}');
    const podIp = await kubectl('get pod db-0 -o jsonpath={.status.podIP}');
    await cluster.until(async () => expect(await lookUp(`web.${namespace}.svc.cluster.local`)).toContain(clusterIp));
    await cluster.until(async () => expect(await lookUp(`db-0.db.${namespace}.svc.cluster.local`)).toContain(podIp));
    expect(await lookUp(`out.${namespace}.svc.cluster.local`)).toContain(clusterIp);
    expect(await lookUp(`${podIp.replaceAll('.', '-')}.${namespace}.pod.cluster.local`)).toContain(podIp);
    expect(await lookUp(podIp)).toContain(`db-0.db.${namespace}.svc.cluster.local`);
    expect((await tryKubectl(`exec client -- nslookup nothing.${namespace}.svc.cluster.local`)).stdout).toContain('NXDOMAIN');
  });

  it('closes a pod by policy, opens it to some, and lets its probes through', async () => {
    const podIp = await kubectl('get pod web -o jsonpath={.status.podIP}');
    const reached = async (): Promise<boolean[]> => [(await fetchFrom('client', `http://${podIp}`)) !== undefined, (await fetchFrom('stranger', 'http://web')) !== undefined];
    await cluster.until(async () => expect(await reached()).toEqual([true, true]));
    const policy = (name: string, spec: object): object => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name },
      spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'], ...spec },
    });
    await apply(policy('deny', {}));
    await cluster.until(async () => expect(await reached()).toEqual([false, false]));
    await apply(policy('allow', { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }], ports: [{ port: 'http' }] }] }));
    await cluster.until(async () => expect(await reached()).toEqual([true, false]));
    expect(await kubectl(`get pod web -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}'`)).toBe('True');
    await kubectl('delete networkpolicy deny allow');
    await cluster.until(async () => expect(await reached()).toEqual([true, true]));
  });

  it('serves an Ingress by host, with the certificate of its Secret, and tells its address', async () => {
    const ip = await cluster.nodeIp('node-1');
    const ca = await CertificateAuthority.create('test', systemClock);
    const { cert, key } = await ca.issue({ commonName: 'web.example.test', usages: ['server auth'], hosts: ['web.example.test'] });
    const data = { 'tls.crt': Buffer.from(cert).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') };
    const backend = { service: { name: 'web', port: { name: 'http' } } };
    await apply(
      { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: 'web-tls' }, data },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'web' },
        spec: {
          ingressClassName: 'navarch',
          tls: [{ hosts: ['web.example.test'], secretName: 'web-tls' }],
          rules: [{ host: 'web.example.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
        },
      },
    );
    await cluster.until(async () => expect(await ask(ip, 80, 'web.example.test')).toMatchObject({ code: 200, text: expect.stringContaining('web:1') as unknown }));
    await cluster.until(async () => expect(await ask(ip, 443, 'web.example.test', true)).toMatchObject({ code: 200, certificate: 'web.example.test' }));
    expect((await ask(ip, 80, 'other.example.test')).code).toBe(404);
    await cluster.until(async () => expect(await kubectl('get ingress web -o jsonpath={.status.loadBalancer.ingress[0].ip}')).toBe(ip));
  });

  it('keeps traffic from outside on the node that has the pod, where the Service says so', async () => {
    await apply(service('local', { type: 'NodePort', externalTrafficPolicy: 'Local', selector: { app: 'web' } }));
    const port = Number(await kubectl('get service local -o jsonpath={.spec.ports[0].nodePort}'));
    const [first, second] = [await cluster.nodeIp('node-1'), await cluster.nodeIp('node-2')];
    await cluster.until(async () => expect((await ask(first, port, 'x')).code).toBe(200));
    await expect(ask(second, port, 'x')).rejects.toThrow('timeout');
    expect(await fetchFrom('client', `http://${second}:${port}`)).toContain('web:1');
  });

  it('tells what nodes and pods use', async () => {
    await cluster.until(async () => expect((await cluster.kubectl('top nodes --no-headers')).trim().split('\n').map((line) => line.split(/\s+/)[0])).toEqual(['node-1', 'node-2']));
    await cluster.until(async () => expect(await kubectl('top pods --no-headers')).toMatch(/^web\s+\d+m\s+\d+Mi/m));
  });

  it('sizes a Deployment by the memory that its pods have', async () => {
    await cluster.until(async () => expect(await kubectl('get deployment sized -o jsonpath={.status.readyReplicas}')).toBe('2'));
    expect(await kubectl('get hpa sized -o jsonpath={.status.currentMetrics[0].resource.current.averageValue}')).toMatch(/^[1-9]/);
    expect(await kubectl('describe hpa sized')).toContain('New size: 2; reason: memory resource above target');
  });
}
