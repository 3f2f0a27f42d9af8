import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@navarch/testing';
import { root, type RunningCluster } from '../harness/cluster';
import { fetchText } from '../harness/fetch-text';
import { httpLoop } from '../harness/http-loop';
import { run } from '../harness/shell';

interface ListedPod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: { readonly phase: string };
}

/** What the README promises a new user, in its order, of a cluster that is up, however it is run. */
export function walkThrough(cluster: RunningCluster): void {
  const scratch = mkdtempSync(join(tmpdir(), 'navarch-walk-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  /** A pod of the deployment that stays: those of an earlier roll-out may still be ending. */
  const firstPod = async (): Promise<string> => {
    const { items } = JSON.parse(await cluster.kubectl('get pods -l app=web -o json')) as { items: ListedPod[] };
    const pod = items.find(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase === 'Running');
    if (pod === undefined) throw new Error('no pod of the deployment runs');
    return pod.metadata.name;
  };
  const nodePort = async (): Promise<string> => cluster.kubectl('get service web -o jsonpath={.spec.ports[0].nodePort}');
  const webIsReady = async (replicas: number): Promise<void> =>
    cluster.until(async () =>
      expect(await cluster.kubectl('get deployment web -o jsonpath={.status.readyReplicas}/{.status.replicas}')).toBe(`${replicas}/${replicas}`),
    );

  it('sees two Ready nodes', async () => {
    const nodes = await cluster.kubectl('get nodes -o wide --no-headers');
    expect(nodes.match(/ Ready .*containerd:\/\//g)).toHaveLength(2);
  });

  it('creates a deployment that runs on both', async () => {
    await cluster.kubectl(`apply -f ${join(root, 'examples/web.yaml')}`);
    await cluster.kubectl('rollout status deployment/web --timeout=180s');
    const pods = (await cluster.kubectl('get pods -l app=web -o wide --no-headers')).trim().split('\n').map((line) => line.split(/\s+/));
    expect(pods.map((pod) => pod[2])).toEqual(['Running', 'Running', 'Running']);
    expect(new Set(pods.map((pod) => pod[6]))).toEqual(new Set(['node-1', 'node-2']));
    for (const pod of pods) expect(pod[5]).toMatch(/^10\.\d+\.\d+\.\d+$/);
  });

  it('reaches all of them through a node port of either node', async () => {
    const port = await nodePort();
    for (const node of ['node-1', 'node-2']) {
      const ip = await cluster.nodeIp(node);
      const seen = new Set<string>();
      await cluster.until(async () => {
        seen.add(await fetchText(`http://${ip}:${port}/`));
        expect(seen.size).toBe(3);
      });
    }
  });

  it('reaches them from a pod by name and by cluster IP', async () => {
    const pod = await firstPod();
    const ip = await cluster.kubectl('get service web -o jsonpath={.spec.clusterIP}');
    for (const host of ['web', 'web.default', 'web.default.svc.cluster.local', ip]) expect(await cluster.kubectl(`exec ${pod} -- wget -q -O- http://${host}`)).toContain('web:1');
    expect(await cluster.kubectl(`exec ${pod} -- nslookup kubernetes.default.svc.cluster.local`)).toContain('10.96.0.1');
  });

  it('lets a pod talk to the API with its service account', async () => {
    const pod = await firstPod();
    const token = await cluster.kubectl(`exec ${pod} -- cat /var/run/secrets/kubernetes.io/serviceaccount/token`);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string; 'kubernetes.io': { pod: { name: string } } };
    expect(claims.sub).toBe('system:serviceaccount:default:default');
    expect(claims['kubernetes.io'].pod.name).toBe(pod);
    expect(await cluster.kubectl(`exec ${pod} -- cat /var/run/secrets/kubernetes.io/serviceaccount/ca.crt`)).toContain('BEGIN CERTIFICATE');
  });

  it('rolls out a new version without one failed request', async () => {
    const port = await nodePort();
    const clusterIp = await cluster.kubectl('get service web -o jsonpath={.spec.clusterIP}');
    const loops = [httpLoop(`http://${await cluster.nodeIp('node-1')}:${port}/`), httpLoop(`http://${clusterIp}/`, await cluster.inNode('node-2'))];
    await cluster.kubectl('set image deployment/web web=navarch.local/web:2');
    await cluster.kubectl('rollout status deployment/web --timeout=180s');
    expect(await fetchText(`http://${await cluster.nodeIp('node-2')}:${port}/`)).toContain('web:2');
    // The last old pods are still ending: requests must not meet them.
    await cluster.until(async () => expect((await cluster.kubectl('get pods -l app=web --no-headers')).trim().split('\n')).toHaveLength(3));
    for (const loop of loops) {
      const { requests, failures } = await loop.stop();
      expect(requests).toBeGreaterThan(50);
      expect(failures).toEqual([]);
    }
  });

  it('goes back', async () => {
    expect((await cluster.kubectl('rollout history deployment/web')).match(/^\d+\s/gm)).toHaveLength(2);
    await cluster.kubectl('rollout undo deployment/web');
    await cluster.kubectl('rollout status deployment/web --timeout=180s');
    expect(await fetchText(`http://${await cluster.nodeIp('node-1')}:${await nodePort()}/`)).toContain('web:1');
    await cluster.kubectl('scale deployment web --replicas=5');
    await webIsReady(5);
  });

  it('follows logs', async () => {
    const pod = await firstPod();
    await fetchText(`http://${await cluster.nodeIp('node-1')}:${await nodePort()}/`);
    expect(await cluster.kubectl(`logs ${pod}`)).not.toBe('');
    await cluster.kubectl("run logger --image=navarch.local/web:1 --restart=Never --command -- sh -c 'for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done'");
    await cluster.until(async () => expect(await cluster.kubectl('logs -f logger')).toBe('line 1\nline 2\nline 3\nline 4\nline 5\n'));
    expect(await cluster.kubectl('logs --tail=2 logger')).toBe('line 4\nline 5\n');
    await cluster.until(async () => expect(await cluster.kubectl('get pod logger -o jsonpath={.status.phase}')).toBe('Succeeded'));
    await cluster.kubectl('delete pod logger');
  });

  it('gets a container\'s exit code, input and terminal', async () => {
    const pod = await firstPod();
    expect((await cluster.tryKubectl(`exec ${pod} -- sh -c 'exit 7'`)).code).toBe(7);
    expect(await cluster.kubectl(`exec -i ${pod} -- cat`, { input: 'through and back' })).toBe('through and back');
    const terminal = await run('script', ['-qec', `${cluster.kubectlPath} exec -it ${pod} -- sh -c 'tty; echo $TERM'`, '/dev/null'], { env: { ...cluster.env, TERM: 'xterm' } });
    expect(terminal.stdout).toContain('/dev/pts/');
  });

  it('copies files in and out', async () => {
    const pod = await firstPod();
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 256));
    writeFileSync(join(scratch, 'up'), bytes);
    await cluster.kubectl(`cp ${join(scratch, 'up')} ${pod}:/tmp/file`);
    await cluster.kubectl(`cp ${pod}:/tmp/file ${join(scratch, 'down')}`);
    expect(readFileSync(join(scratch, 'down')).equals(bytes)).toBe(true);
  });

  it('forwards a port', async () => {
    const port = await freePort();
    const forward = spawn(cluster.kubectlPath, ['port-forward', 'service/web', `${port}:80`], { env: { ...process.env, ...cluster.env }, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(forward.stdout, 'data');
      expect(await fetchText(`http://127.0.0.1:${port}/`)).toContain('web:1');
      expect(await fetchText(`http://127.0.0.1:${port}/`)).toContain('web:1');
    } finally {
      forward.kill();
      await once(forward, 'exit');
    }
  });

  it('describes, applies, diffs, edits, labels and explains', async () => {
    expect(await cluster.kubectl(`describe pod ${await firstPod()}`)).toMatch(/Scheduled[\s\S]*Pulled[\s\S]*Created[\s\S]*Started/);
    expect(await cluster.kubectl('describe deployment web')).toContain('ScalingReplicaSet');
    const manifest = readFileSync(join(root, 'examples/web.yaml'), 'utf8').replace('replicas: 3', 'replicas: 4');
    writeFileSync(join(scratch, 'web.yaml'), manifest);
    const diff = await cluster.tryKubectl(`diff -f ${join(scratch, 'web.yaml')}`);
    expect(diff.code).toBe(1);
    expect(diff.stdout).toContain('+  replicas: 4');
    await cluster.kubectl(`apply -f ${join(scratch, 'web.yaml')}`);
    await cluster.kubectl('edit deployment web', { env: { KUBE_EDITOR: "sed -i s/replicas:.4/replicas:\\ 3/" } });
    expect(await cluster.kubectl('get deployment web -o jsonpath={.spec.replicas}')).toBe('3');
    // Which of the four goes, is not for a user to say.
    await cluster.until(async () => expect((await cluster.kubectl('get pods -l app=web -o name')).trim().split('\n')).toHaveLength(3));
    const pod = await firstPod();
    await cluster.kubectl(`label pod ${pod} colour=blue`);
    await cluster.kubectl(`annotate pod ${pod} note=kept`);
    expect(await cluster.kubectl('get pods -l colour=blue -o name')).toBe(`pod/${pod}\n`);
    expect(await cluster.kubectl('explain deployment.spec.strategy')).toMatch(/rollingUpdate/);
    expect(await cluster.kubectl('api-resources')).toMatch(/deployments\s+deploy/);
    expect(await cluster.kubectl('get all')).toContain('deployment.apps/web');
    expect(await cluster.kubectl('auth can-i create pods')).toBe('yes\n');
    expect((await cluster.tryKubectl('auth can-i create pods --as=system:serviceaccount:default:default')).stdout).toBe('no\n');
  });

  it('gives containers their configuration', async () => {
    await cluster.kubectl(`apply -f ${join(root, 'examples/config.yaml')}`);
    await cluster.kubectl('wait --for=condition=Ready pod/configured --timeout=180s');
    await cluster.until(async () => {
      const log = await cluster.kubectl('logs configured -c main');
      expect(log).toContain('prepared for configured');
      expect(log).toContain('GREETING=hello');
      expect(log).toContain('PASSWORD=s3cret');
      expect(log).toContain('colour = blue');
      expect(log).toContain('app="configured"');
    });
    await cluster.kubectl(`delete -f ${join(root, 'examples/config.yaml')} --grace-period=1`);
  });

  it('sees containers restarted and pods replaced', async () => {
    const pod = await firstPod();
    await cluster.kubectl(`exec ${pod} -- sh -c 'kill -9 $(pidof httpd)'`);
    await cluster.until(async () => expect(Number(await cluster.kubectl(`get pod ${pod} -o jsonpath={.status.containerStatuses[0].restartCount}`))).toBeGreaterThan(0));
    await webIsReady(3);
    await cluster.kubectl(`delete pod ${pod}`);
    await webIsReady(3);
    expect((await cluster.tryKubectl(`get pod ${pod}`)).stderr).toContain(`pods "${pod}" not found`);
  });

  it('is told of an image that does not exist', async () => {
    await cluster.kubectl('run missing --image=navarch.local/nothing:1');
    await cluster.until(async () => expect(await cluster.kubectl('get pod missing --no-headers')).toMatch(/ErrImagePull|ImagePullBackOff/));
    await cluster.until(async () => expect(await cluster.kubectl('get pod missing --no-headers')).toContain('ImagePullBackOff'));
    await cluster.kubectl('delete pod missing --grace-period=0 --force');
  });

  it('makes namespaces and removes them with all they hold', async () => {
    await cluster.kubectl('create namespace team');
    await cluster.until(() => cluster.kubectl('-n team get serviceaccount default'));
    await cluster.kubectl('-n team create deployment one --image=navarch.local/web:1');
    await cluster.kubectl('-n team create configmap two --from-literal=a=b');
    expect(await cluster.kubectl('-n team create serviceaccount robot')).toContain('created');
    await cluster.kubectl('delete namespace team --timeout=180s');
    expect((await cluster.tryKubectl('get namespace team')).stderr).toContain('namespaces "team" not found');
  });

  it('sees pods move from a node whose kubelet is dead', async () => {
    // Stopped, not killed: it would be started again.
    const resume = await cluster.stopKubelet('node-2');
    try {
      await cluster.until(async () => expect(await cluster.kubectl('get node node-2 --no-headers')).toContain('NotReady'));
      await cluster.until(async () => {
        const nodes = await cluster.kubectl(`get pods -l app=web --field-selector=status.phase=Running -o 'jsonpath={range .items[*]}{.metadata.deletionTimestamp}={.spec.nodeName}{"\\n"}{end}'`);
        expect(nodes.split('\n').filter((line) => line === '=node-1')).toHaveLength(3);
      });
    } finally {
      await resume();
    }
    await cluster.until(async () => expect(await cluster.kubectl('get node node-2 --no-headers')).toContain(' Ready '));
    await webIsReady(3);
  });

  it('finds everything again after down and up', async () => {
    const uid = await cluster.kubectl('get deployment web -o jsonpath={.metadata.uid}');
    await cluster.down();
    await cluster.up();
    expect(await cluster.kubectl('get deployment web -o jsonpath={.metadata.uid}')).toBe(uid);
    await webIsReady(3);
    const port = await nodePort();
    await cluster.until(async () => expect(await fetchText(`http://${await cluster.nodeIp('node-1')}:${port}/`)).toContain('web:1'));
  });
}
