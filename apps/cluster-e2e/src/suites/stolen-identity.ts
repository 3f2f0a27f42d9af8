import { createCertificateRequest } from '@navarch/pki';
import { type ComposeCluster, network, serviceOf } from '../harness/compose-cluster';
import { useIdentity, type Attempts, type Identity, type Outcomes } from '../harness/identity-use';
import { openPortsOf } from '../harness/open-ports';
import { seenByStranger } from '../harness/stranger';

const [pods, secrets, configmaps, nodes, services] = ['pods', 'secrets', 'configmaps', 'nodes', 'services'].map((resource) => ({
  group: '',
  version: 'v1',
  resource,
})) as [Resource, Resource, Resource, Resource, Resource];
interface Resource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

const namespace = 'theft';
const inNamespace = `/api/v1/namespaces/${namespace}`;
const merge = 'application/merge-patch+json';

/** A pod of `node` that uses a Secret and a ConfigMap of its own name. */
const podWith = (name: string, node: string): object => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace },
  spec: { nodeName: node, terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'navarch.local/web:1', envFrom: [{ secretRef: { name } }, { configMapRef: { name } }] }] },
});

/** Who takes a kubelet's certificate out of its container gets what that node's pods have, by no door more. */
export function stolenIdentity(cluster: ComposeCluster): void {
  let kubelet: Identity;
  const use = (attempts: Attempts, identity = kubelet): Promise<Outcomes> => useIdentity(cluster, 'node-1', identity, attempts);

  beforeAll(async () => {
    const items = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      ...['own', 'other', 'unused'].flatMap((name) => [
        { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData: { word: 'x' } },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { word: 'x' } },
      ]),
    ];
    await cluster.kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
    await cluster.until(() => cluster.kubectl(`-n ${namespace} get serviceaccount default`));
    await cluster.kubectl('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [podWith('own', 'node-1'), podWith('other', 'node-2')] }) });
    await cluster.kubectl(`-n ${namespace} wait pod --all --for=condition=Ready --timeout=180s`);
    const [cert = '', ...others] = (await cluster.exec('node-1', 'find', '/var/lib/navarch', '-name', 'kubelet-client.crt')).trim().split('\n');
    expect([cert, ...others]).toEqual([expect.stringMatching(/kubelet-client.crt$/)]);
    kubelet = { cert, key: cert.replace(/crt$/, 'key'), ca: '/pki/ca.crt' };
  });
  afterAll(() => cluster.kubectl(`delete namespace ${namespace} --wait=false`));

  /** Named, so that a wrong answer says to what. */
  const answers = async (requests: readonly (readonly [method: string, path: string, body?: unknown])[], identity?: Identity): Promise<Record<string, number>> => {
    const { rest } = await use(
      {
        rest: requests.map(([method, path, body]) => ({
          method,
          path,
          ...(body === undefined ? {} : { body }),
          ...(method === 'PATCH' ? { contentType: merge } : {}),
        })),
      },
      identity,
    );
    return Object.fromEntries(requests.map(([method, path], index) => [`${method} ${path}`, rest[index] ?? 0]));
  };
  const all = (requests: readonly (readonly [string, string, unknown?])[], code: number): Record<string, number> => Object.fromEntries(requests.map(([method, path]) => [`${method} ${path}`, code]));

  it('reads what its own pods use, over REST', async () => {
    const allowed = [
      ['GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1'], ['GET', `${inNamespace}/pods/own`], ['GET', `${inNamespace}/secrets/own`], ['GET', `${inNamespace}/configmaps/own`],
      ['GET', '/api/v1/nodes/node-1'], ['GET', '/api/v1/services'],
    ] as const;
    expect(await answers(allowed)).toEqual(all(allowed, 200));
  });

  it('reads nothing else, over REST', async () => {
    const refused = [
      ['GET', '/api/v1/pods'], ['GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-2'], ['GET', '/api/v1/pods?watch=1'], ['GET', `${inNamespace}/pods`], ['GET', `${inNamespace}/pods/other`],
      ['GET', `${inNamespace}/pods/other/log`], ['GET', `${inNamespace}/secrets/other`], ['GET', `${inNamespace}/secrets/unused`], ['GET', `${inNamespace}/secrets`], ['GET', '/api/v1/secrets'],
      ['GET', '/api/v1/namespaces/kube-system/secrets'], ['GET', `${inNamespace}/configmaps/other`], ['GET', `${inNamespace}/configmaps`], ['GET', '/api/v1/nodes'], ['GET', '/api/v1/nodes/node-2'],
      ['GET', '/apis/apps/v1/deployments'], ['GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles'],
    ] as const;
    expect(await answers(refused)).toEqual(all(refused, 403));
  });

  it('changes nothing of others, over REST', async () => {
    const refused = [
      ['PATCH', '/api/v1/nodes/node-2/status', { status: { conditions: [] } }], ['PATCH', '/api/v1/nodes/node-2', { metadata: { labels: { a: 'b' } } }],
      ['PATCH', '/api/v1/nodes/node-1', { metadata: { labels: { 'node-restriction.kubernetes.io/a': 'b' } } }],
      ['PATCH', `${inNamespace}/pods/other/status`, { status: { phase: 'Failed' } }], ['DELETE', `${inNamespace}/pods/other`],
      ['POST', `${inNamespace}/pods/other/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'other', namespace } }],
      ['POST', `${inNamespace}/pods`, { ...podWith('planted', 'node-1'), apiVersion: 'v1' }],
      ['POST', `${inNamespace}/serviceaccounts/default/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'other' } } }],
      ['POST', `${inNamespace}/serviceaccounts/default/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }],
      ['PATCH', `${inNamespace}/secrets/own`, { data: {} }], ['PATCH', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-2', { spec: { holderIdentity: 'node-1' } }],
    ] as const;
    expect(await answers(refused)).toEqual(all(refused, 403));
  });

  it('reads the same over gRPC', async () => {
    const object = (resource: Resource, name: string): { resource: Resource; namespace: string; name: string } => ({ resource, namespace: resource === nodes ? '' : namespace, name });
    const { objects, snapshots } = await use({
      objects: [
        object(pods, 'own'),
        object(secrets, 'own'),
        object(configmaps, 'own'),
        object(nodes, 'node-1'),
        object(pods, 'other'),
        object(secrets, 'other'),
        object(secrets, 'unused'),
        object(configmaps, 'other'),
        object(nodes, 'node-2'),
      ],
      snapshots: [
        { resource: pods, node: 'node-1' },
        { resource: services },
        { resource: nodes, fieldSelector: 'metadata.name=node-1' },
        { resource: pods, node: 'node-2' },
        { resource: pods },
        { resource: secrets },
        { resource: configmaps },
        { resource: nodes },
        { resource: nodes, fieldSelector: 'metadata.name=node-2' },
      ],
    });
    expect(objects).toEqual([200, 200, 200, 200, 403, 403, 403, 403, 403]);
    expect(snapshots).toEqual([200, 200, 200, 403, 403, 403, 403, 403, 403]);
  });

  it('gets nothing out of another node\'s kubelet, at neither of its doors', async () => {
    const host = `${network}.12`;
    const doors = [
      ['GET', '/pods'],
      ['GET', '/stats/summary'],
      ['GET', '/metrics'],
      ['GET', '/configz'],
      ['GET', `/containerLogs/${namespace}/other/c`],
      ['POST', `/run/${namespace}/other/c?cmd=id`],
      ['POST', `/exec/${namespace}/other/c?command=id&output=1`],
    ] as const;
    const { rest, nodeServices } = await use({
      rest: doors.map(([method, path]) => ({ method, path, host, port: 10250 })), nodeServices: [{ address: `${host}:10260`, container: { namespace, pod: 'other', container: 'c' } }],
    });
    expect(Object.fromEntries(doors.map(([method, path], index) => [`${method} ${path}`, rest[index] ?? 0]))).toEqual(all(doors, 403));
    expect(nodeServices).toEqual([[403, 403]]);
  });

  it('hears and says nothing of others over NATS', async () => {
    const listens = {
      own: ['change.core.pods.node-1.>', 'bookmark.core.pods.node-1', 'change.core.services.>'],
      others: [
        'change.core.pods.node-2.>',
        'change.core.pods.>',
        'change.core.secrets.>',
        'change.core.configmaps.>',
        'change.core.nodes.>',
        'change.>',
        '>',
        'heartbeat.>',
        'usage.*',
        '_INBOX.>',
        '$SYS.>',
      ],
    };
    const says = {
      own: ['heartbeat.node-1', 'usage.node-1'],
      others: ['heartbeat.node-2', 'usage.node-2', 'change.core.pods.node-1.default.a', 'change.core.pods.node-2.default.a', 'bookmark.core.pods.node-2'],
    };
    const { forbidden } = await use({ listen: [...listens.own, ...listens.others], say: [...says.own, ...says.others] });
    expect([...forbidden].sort()).toEqual([...listens.others.map((subject) => `subscription ${subject}`), ...says.others.map((subject) => `publish ${subject}`)].sort());
  });

  it.each(['network-agent', 'proxy', 'local-path'])('reads no secret as the %s either, which is in the same container', async (component) => {
    const refused = [
      ['GET', '/api/v1/secrets'],
      ['GET', `${inNamespace}/secrets/own`],
      ['GET', `${inNamespace}/configmaps/own`],
      ['POST', `${inNamespace}/serviceaccounts/default/token`, {}],
    ] as const;
    expect(await answers(refused, { cert: `/pki/${component}.crt`, key: `/pki/${component}.key`, ca: '/pki/ca.crt' })).toEqual(all(refused, 403));
  });

  it('gets no certificate of another node', async () => {
    const ask = async (name: string, node: string): Promise<readonly [method: string, path: string, body: unknown]> => {
      const { csr } = await createCertificateRequest({ commonName: `system:node:${node}`, organizations: ['system:nodes'] });
      return ['POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', {
        apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name },
        spec: { request: Buffer.from(csr).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: ['digital signature', 'client auth'] },
      }];
    };
    await answers([await ask('as-node-2', 'node-2')]);
    await answers([await ask('as-node-1', 'node-1')]);
    // What was asked later is answered; what was asked first has had its turn.
    await cluster.until(async () => expect(await cluster.kubectl('get csr as-node-1')).toContain('Approved,Issued'));
    expect((await cluster.tryKubectl('get csr as-node-2 -o jsonpath={.status}')).stdout).toMatch(/^(\{\})?$/);
    await cluster.kubectl('delete csr as-node-1 as-node-2 --ignore-not-found');
  });
}

/** Who has no credentials at all, and reaches the network that the containers are in. */
export function stranger(cluster: ComposeCluster): void {
  it('sees at no port of any container more than that it is well', async () => {
    const seen: Record<string, readonly string[]> = {};
    const ports = new Set<number>();
    // Containers that live in another's network have its ports.
    const reached = (await cluster.containers()).filter(({ State }) => State.Status === 'running').flatMap((container) => {
      const address = Object.values(container.NetworkSettings.Networks).find(({ IPAddress }) => IPAddress !== '')?.IPAddress;
      return address === undefined ? [] : [{ address, name: serviceOf(container), pid: container.State.Pid }];
    });
    await Promise.all(reached.map(async ({ address, name, pid }) => {
      for (const port of await openPortsOf(pid)) {
        ports.add(port);
        const found = await seenByStranger(address, port);
        if (found.length > 0) seen[`${name}:${port}`] = found;
      }
    }));
    expect(seen).toEqual({});
    // Of etcd and NATS, for clients and among themselves, the API, scheduler, controller-manager and the kubelet: they were tried indeed.
    expect([2379, 2380, 4222, 6222, 6443, 6444, 10250, 10257, 10259, 10260].filter((port) => !ports.has(port))).toEqual([]);
  });
}
