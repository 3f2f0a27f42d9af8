import type { ComposeCluster } from '../harness/compose-cluster';

const extra = 2;

/** Nodes beside those that are written out. */
async function scaledNodes(cluster: ComposeCluster): Promise<string[]> {
  const names = await cluster.kubectl('get nodes -o jsonpath={.items[*].metadata.name}');
  return names.split(' ').filter((name) => !/^node-\d$/.test(name));
}

/** One that runs on a node that is written out. */
async function aWebPod(cluster: ComposeCluster): Promise<string> {
  const [first = ''] = (await cluster.kubectl('get pods -l app=web -o name')).trim().split('\n');
  return first;
}

/** As many nodes as one asks for. */
export function moreNodes(cluster: ComposeCluster): void {
  it('takes those in that join by token, and runs pods on them', async () => {
    await cluster.compose('up', '-d', '--no-build', '--scale', `node=${extra}`);
    await cluster.untilReady(2 + extra);
    const names = await scaledNodes(cluster);
    expect(names).toHaveLength(extra);
    // Each asked with the token for a certificate of its own, and got it.
    const requests = await cluster.kubectl(`get csr -o 'jsonpath={range .items[*]}{.spec.username}={.status.conditions[0].type}{"\\n"}{end}'`);
    expect(requests.split('\n').filter((line) => /^system:bootstrap:\w+=Approved$/.test(line)).length).toBeGreaterThanOrEqual(2 + extra);
    for (const name of names) {
      await cluster.kubectl(`run on-${name} --image=navarch.local/web:1 --overrides '{"spec":{"nodeSelector":{"kubernetes.io/hostname":"${name}"}}}'`);
      await cluster.kubectl(`wait pod/on-${name} --for=condition=Ready --timeout=180s`);
      // Its network is that of the cluster: a pod of another node reaches it.
      const ip = await cluster.kubectl(`get pod on-${name} -o jsonpath={.status.podIP}`);
      const from = await aWebPod(cluster);
      await cluster.until(async () => expect(await cluster.kubectl(`exec ${from} -- wget -q -T 2 -O- http://${ip}/`)).toContain('web:1'));
    }
  });
}

/** Of nodes that `moreNodes` added. Their addresses are nobody's for good: whoever comes again may have another. */
export function restartedNodes(cluster: ComposeCluster, apiserver: string): void {
  /** The pod on it, through the apiserver, from whose network there is a route, and from a pod of another node. */
  const answers = async (name: string): Promise<void> => {
    expect(await cluster.kubectl(`get --raw /api/v1/namespaces/default/pods/${name}:80/proxy/`)).toContain('web:1');
    const ip = await cluster.kubectl(`get pod ${name} -o jsonpath={.status.podIP}`);
    expect(await cluster.kubectl(`exec ${await aWebPod(cluster)} -- wget -q -T 2 -O- http://${ip}/`)).toContain('web:1');
  };

  it('runs the pods of one that is killed again, in its network', async () => {
    const name = `on-${(await cluster.container('node')).slice(0, 12)}`;
    const started = (): Promise<string> => cluster.kubectl(`get pod ${name} -o 'jsonpath={.status.containerStatuses[0].state.running.startedAt}'`);
    const before = await started();
    await cluster.kill('node');
    await cluster.until(async () => expect(['', before]).not.toContain(await started()), 120_000);
    await cluster.until(() => answers(name), 120_000);
  });

  it('has routes to them in the new network of an apiserver that is killed', async () => {
    await cluster.kill(apiserver);
    for (const node of await cluster.until(() => scaledNodes(cluster))) await cluster.until(() => answers(`on-${node}`));
  });
}

export function fewerNodes(cluster: ComposeCluster): void {
  it('goes on with those that stay', async () => {
    const names = await scaledNodes(cluster);
    await cluster.compose('up', '-d', '--no-build', '--scale', 'node=0');
    for (const name of names) await cluster.until(async () => expect(await cluster.kubectl(`get node ${name} --no-headers`)).toContain('NotReady'), 120_000);
    await cluster.kubectl(`delete node ${names.join(' ')}`);
    expect((await cluster.kubectl('get nodes --no-headers')).match(/ Ready /g)).toHaveLength(2);
  });
}

/** A minute after its node a pod is gone too. */
export function podsOfGoneNodes(cluster: ComposeCluster): void {
  it('has none of their pods', () => cluster.until(async () => expect(await cluster.kubectl('get pods -o name')).not.toContain('pod/on-'), 120_000));
}
