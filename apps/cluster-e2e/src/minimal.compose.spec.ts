import { ComposeCluster, network, serviceOf } from './harness/compose-cluster';
import { fetchText } from './harness/fetch-text';
import { conformanceContainers } from './suites/conformance-containers';
import { kubectlVersions } from './suites/kubectl-versions';
import { fewerNodes, moreNodes, podsOfGoneNodes, restartedNodes } from './suites/more-nodes';
import { registries } from './suites/registries';
import { storage } from './suites/storage';
import { swapping } from './suites/swapping';

jest.setTimeout(300_000);

const cluster = new ComposeCluster('small', 'minimal');
const twoNodes = 'tools/compose/two-nodes.yml';

describe('the minimal cluster of docker-compose', () => {
  beforeAll(async () => {
    await cluster.down('--purge');
    await cluster.up();
  });
  // With the volume of the one override file that has its own.
  afterAll(() => cluster.with(twoNodes, 'examples/swap/proxy/docker-compose.own.yml').down('--purge'));

  const answers = (): Promise<void> => cluster.until(async () => {
    const port = await cluster.kubectl('get service web -o jsonpath={.spec.ports[0].nodePort}');
    expect(await fetchText(`http://${network}.11:${port}/`)).toContain('web:1');
    expect(await cluster.kubectl('exec deployment/web -- wget -q -T 1 -O- http://web')).toContain('web:1');
  }, 120_000);

  it('is one of each', async () => {
    const running = (await cluster.containers()).filter(({ State }) => State.Status === 'running').map(serviceOf).sort();
    expect(running).toEqual(['apiserver', 'controller-manager-1', 'dns', 'etcd', 'ingress', 'metrics-server', 'nats', 'node-1', 'proxy-1', 'routes', 'scheduler-1']);
  });

  it('runs real containers, and their Service answers inside and outside by its name and its port', async () => {
    await cluster.kubectl('create deployment web --image=navarch.local/web:1 --replicas=2');
    await cluster.kubectl('expose deployment web --port=80 --type=NodePort');
    await cluster.kubectl('rollout status deployment/web --timeout=180s');
    await answers();
    expect(await cluster.kubectl('logs deployment/web')).not.toBe('');
    await cluster.until(async () => expect(await cluster.kubectl('top pods --no-headers')).toMatch(/^web-/), 120_000);
  });

  it('answers on the ports that it has on its host', async () => {
    await cluster.kubectl('create service nodeport published --tcp=80 --node-port=30000');
    await cluster.kubectl('set selector service published app=web');
    await cluster.until(async () => expect(await fetchText('http://127.0.0.1:30000/')).toContain('web:1'));
    // The ingress says that there is no rule yet, by TLS too.
    for (const ingress of ['http://127.0.0.1/', 'https://127.0.0.1/']) await cluster.until(async () => expect(await fetchText(ingress)).toContain('default backend - 404'));
    await cluster.kubectl('delete service published');
  });

  /** What does not depend on how many apiservers there are is asked of this cluster: it leaves more of the machine to the containers. */
  describe('with the second node of the full one', () => {
    const uidOfWeb = (): Promise<string> => cluster.kubectl('get deployment web -o jsonpath={.metadata.uid}');
    let uid = '';
    beforeAll(async () => {
      await cluster.with(twoNodes).up();
      uid = await uidOfWeb();
    });

    describe('whose nodes become more', () => moreNodes(cluster));

    describe('whose nodes end and come again', () => restartedNodes(cluster, 'apiserver'));

    describe('whose nodes become fewer', () => fewerNodes(cluster));

    describe('and its images', () => registries(cluster));

    // They are left alone for a while: what is asked above passes the time.
    describe('whose nodes are gone', () => podsOfGoneNodes(cluster));

    describe('and the oldest and the newest kubectl', () => kubectlVersions(cluster));

    describe('and the lives of its containers, as conformance tests ask for them:', () => conformanceContainers(cluster));

    describe('and its storage, load balancers and certificates', () => storage(cluster));

    it('has everything again after down and up, which its storage had to outlive', async () => {
      expect(await uidOfWeb()).toBe(uid);
      await answers();
    });

    describe('and the override files of examples/swap', () => swapping(cluster, twoNodes));
  });

  it('is well', () => cluster.untilAllWell());
});
