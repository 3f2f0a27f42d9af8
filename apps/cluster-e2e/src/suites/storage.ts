import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateRequest } from '@navarch/pki';
import type { RunningCluster } from '../harness/cluster';
import { fetchText } from '../harness/fetch-text';

/** What only real containers show: data that outlives its pod, addresses that answer on the host, certificates that let in. */
export function storage(cluster: RunningCluster): void {
  const kubectl = (args: string, input?: string): Promise<string> => cluster.kubectl(args, input === undefined ? {} : { input });
  const apply = (...items: object[]): Promise<string> => kubectl('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const get = (what: string, path: string): Promise<string> => kubectl(`get ${what} -o jsonpath={${path}}`);
  const until = (what: string, path: string, expected: string): Promise<void> => cluster.until(async () => expect(await get(what, path)).toBe(expected));

  const claim = (name: string): object => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  const pod = (name: string, claimName: string, command: string): object => ({
    apiVersion: 'v1', kind: 'Pod', metadata: { name },
    spec: {
      restartPolicy: 'Never', terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'navarch.local/web:1', command: ['sh', '-c', command], volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
  });
  const finished = (name: string): Promise<void> => until(`pod ${name}`, '.status.phase', 'Succeeded');
  /** Where a claim's data is: a directory of a node. */
  const placeOf = async (claimName: string): Promise<{ readonly node: string; readonly path: string }> => {
    const { spec } = JSON.parse(await kubectl(`get pv ${await get(`pvc ${claimName}`, '.spec.volumeName')} -o json`)) as {
      spec: {
        hostPath?: { path: string };
        local?: { path: string };
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ values: [string] }] }] } };
      };
    };
    return { node: spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0], path: spec.local?.path ?? spec.hostPath?.path ?? '' };
  };

  beforeAll(() => until('serviceaccount default', '.metadata.name', 'default'));

  it('a claim waits for its pod, and its data outlives that pod and the cluster\'s own rest', async () => {
    expect(await get('storageclass', '.items[*].metadata.name')).toBe('standard');
    await apply(claim('data'));
    await cluster.until(async () => expect(await kubectl('describe pvc data')).toContain('waiting for first consumer to be created before binding'));
    await apply(pod('writer', 'data', 'echo ahoy > /data/log'));
    await finished('writer');
    await until('pvc data', '.status.phase', 'Bound');
    const node = await get('pod writer', '.spec.nodeName');
    await kubectl('delete pod writer');
    await cluster.down();
    await cluster.up();
    await apply(pod('reader', 'data', 'cat /data/log'));
    await finished('reader');
    expect(await kubectl('logs reader')).toBe('ahoy\n');
    // The volume is on one node only.
    expect(await get('pod reader', '.spec.nodeName')).toBe(node);
  });

  it('a claim that is deleted stays until its pod has gone, and then goes with its data', async () => {
    const { node, path } = await placeOf('data');
    expect(await cluster.onNode(node, 'cat', `${path}/log`)).toBe('ahoy\n');
    await kubectl('delete pvc data --wait=false');
    expect(await get('pvc data', '.metadata.finalizers[*]')).toContain('kubernetes.io/pvc-protection');
    await kubectl('delete pod reader');
    await kubectl('wait --for=delete pvc/data --timeout=180s');
    await cluster.until(async () => expect(await get('pv', '.items')).toBe('[]'));
    await expect(cluster.onNode(node, 'ls', path)).rejects.toThrow('No such file');
  });

  it('a volume that is to be retained keeps its data', async () => {
    await apply(claim('kept'), pod('keeper', 'kept', 'echo stay > /data/log'));
    await finished('keeper');
    const volume = await get('pvc kept', '.spec.volumeName');
    const { node, path } = await placeOf('kept');
    await kubectl(`patch pv ${volume} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`);
    await kubectl('delete pod keeper');
    await kubectl('delete pvc kept');
    await until(`pv ${volume}`, '.status.phase', 'Released');
    await kubectl(`delete pv ${volume}`);
    expect(await cluster.onNode(node, 'cat', `${path}/log`)).toBe('stay\n');
  });

  it('a load balancer answers on its address from the host', async () => {
    await kubectl('create deployment balanced --image=navarch.local/web:1 --replicas=2');
    await kubectl('expose deployment balanced --port=8000 --target-port=80 --type=LoadBalancer');
    await kubectl('rollout status deployment/balanced --timeout=180s');
    const address = await cluster.until(async () => {
      const ip = await get('service balanced', '.status.loadBalancer.ingress[0].ip');
      expect(ip).toMatch(/^172\.3[01]\.\d+\.\d+$/);
      return ip;
    });
    await cluster.until(async () => expect(await fetchText(`http://${address}:8000/`)).toContain('web:1'));
    expect(await kubectl('get events')).toContain('Ensured load balancer');
    await kubectl(`patch service balanced -p '{"spec":{"type":"ClusterIP"}}'`);
    await until('service balanced', '.status.loadBalancer', '{}');
    await kubectl('delete service,deployment balanced');
  });

  it('a user gets a certificate when somebody approves', async () => {
    const { csr, key } = await createCertificateRequest({ commonName: 'jane', organizations: ['sailors'] });
    await apply({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'jane' },
      spec: {
        request: Buffer.from(csr).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
        expirationSeconds: 3600,
      },
    });
    await kubectl('certificate approve jane');
    const certificate = await cluster.until(async () => {
      const encoded = await get('csr jane', '.status.certificate');
      expect(encoded).not.toBe('');
      return encoded;
    });
    await kubectl('create clusterrolebinding jane --clusterrole=view --group=sailors');
    // Of the cluster's own kubeconfig others look for the administrator.
    const own = join(mkdtempSync(join(tmpdir(), 'navarch-jane-')), 'kubeconfig');
    copyFileSync(cluster.kubeconfig, own);
    const janes = { env: { KUBECONFIG: own } };
    await cluster.kubectl(`config set users.jane.client-certificate-data ${certificate}`, janes);
    await cluster.kubectl(`config set users.jane.client-key-data ${Buffer.from(key).toString('base64')}`, janes);
    await cluster.until(async () => expect(await cluster.kubectl('--user=jane auth can-i list pods', janes)).toBe('yes\n'));
    expect((await cluster.tryKubectl('--user=jane auth can-i delete pods', janes)).stdout).toBe('no\n');
    rmSync(join(own, '..'), { recursive: true });
  });
}
