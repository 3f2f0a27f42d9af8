import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, type RequestOptions } from 'node:http';
import { type CommandChecks, type KubectlSession, webPod } from './session';

const bodyOf = (url: string, options: RequestOptions = {}): Promise<string> => new Promise((resolve, reject) => {
  get(url, { agent: false, ...options }, (answer) => {
    let text = '';
    answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
    answer.on('end', () => resolve(text));
  }).on('error', reject);
});

/** Runs kubectl until what it serves has been used; `use` is told what it said first. */
async function whileServing(session: KubectlSession, args: readonly string[], use: (said: string) => Promise<void>): Promise<void> {
  const child = spawn(session.kubectl.path, ['-n', session.namespace, ...args], { env: { ...process.env, ...session.env }, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    await use(said.toString());
  } finally {
    child.kill();
    await once(child, 'exit');
  }
}

const portIn = (said: string): string => /127\.0\.0\.1:(\d+)/.exec(said)?.[1] ?? '';

/** What shows objects and talks to pods. */
export const looking: CommandChecks = {
  get: async (s) => {
    expect(await s.run('get deployment web')).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +2\/2 /);
    expect(await s.run('get pods -l app=web -o wide')).toMatch(/NOMINATED NODE/);
    expect(await s.run('get all')).toContain('replicaset.apps/web-');
    expect(await s.run('get pods -l app=web --sort-by=.metadata.name -o custom-columns=N:.metadata.name,P:.status.phase')).toMatch(/web-\S+ +Running/);
    expect(await s.run('get deploy,rs,po -o yaml')).toContain('kind: List');
    expect(await s.run('get --raw /version')).toContain('gitVersion');
    expect(await s.run('get pods --chunk-size=1 -o name -l app=web')).toMatch(/^pod\/web-\S+\npod\/web-\S+\n$/);
  },
  explain: async (s) => {
    expect(await s.run('explain pods.spec.containers.image')).toContain('Container image name');
    expect(await s.run('explain deployment.spec.strategy')).toContain('rollingUpdate');
    expect(await s.run('explain cronjobs --recursive')).toContain('concurrencyPolicy');
  },
  describe: async (s) => {
    expect(await s.run('describe deployment web')).toMatch(/Replicas: +2 desired \| 2 updated \| 2 total \| 2 available[\s\S]*ScalingReplicaSet/);
    expect(await s.run(`describe pod ${await webPod(s)}`)).toMatch(/Scheduled[\s\S]*Started/);
    expect(await s.run('describe node node-1')).toContain('Allocated resources');
    expect(await s.run('describe namespace default')).toContain('Active');
  },
  events: async (s) => {
    await s.until(async () => expect(await s.run('events --for deployment/web')).toContain('ScalingReplicaSet'));
  },
  wait: async (s) => {
    expect(await s.run('wait --for=condition=Available deployment/web --timeout=180s')).toContain('condition met');
    expect((await s.try('wait --for=condition=Nope deployment/web --timeout=1s')).stderr).toContain('timed out');
  },
  logs: async (s) => {
    await s.run("run talks --image=navarch.local/web:1 --restart=Never --command -- sh -c 'echo one; echo two'");
    await s.until(async () => expect(await s.run('logs talks')).toBe('one\ntwo\n'));
    expect(await s.run('logs talks --tail=1')).toBe('two\n');
    expect(await s.run('logs talks --timestamps')).toMatch(/^\d{4}-\d\d-\d\dT\S+ one\n/);
    expect(await s.run('logs -f talks')).toBe('one\ntwo\n');
    await s.run('delete pod talks --now');
  },
  exec: async (s) => {
    const pod = await webPod(s);
    expect(await s.run(`exec ${pod} -- echo hello`)).toBe('hello\n');
    expect((await s.try(`exec ${pod} -- sh -c 'exit 7'`)).code).toBe(7);
    expect(await s.run('exec deployment/web -- echo from-one-of-them')).toBe('from-one-of-them\n');
  },
  attach: async (s) => {
    await s.run("run attached --image=navarch.local/web:1 --restart=Never --command -- sh -c 'sleep 10; echo late'");
    await s.run('wait --for=condition=Ready pod/attached --timeout=180s');
    expect(await s.run('attach attached')).toContain('late');
    await s.run('delete pod attached --now');
  },
  'port-forward': async (s) => {
    await whileServing(s, ['port-forward', `pod/${await webPod(s)}`, ':80'], async (said) => {
      expect(await bodyOf(`http://127.0.0.1:${portIn(said)}/`)).not.toBe('');
    });
  },
  proxy: async (s) => {
    const pods = `/api/v1/namespaces/${s.namespace}/pods`;
    await whileServing(s, ['proxy', '--port=0'], async (said) => {
      expect(await bodyOf(`http://127.0.0.1:${portIn(said)}${pods}`)).toContain('"PodList"');
    });
    const socketPath = s.path('proxy.sock');
    await whileServing(s, ['proxy', `--unix-socket=${socketPath}`], async (said) => {
      expect(said).toContain(socketPath);
      expect(await bodyOf(`http://localhost${pods}`, { socketPath })).toContain('"PodList"');
    });
  },
  debug: async (s) => {
    await s.run(`debug ${await webPod(s)} --image=navarch.local/web:1 --container=looker -- sleep 1`);
    const pod = await s.run('get pods -l app=web -o json');
    expect(pod).toContain('"looker"');
  },
  auth: async (s) => {
    expect(await s.run('auth can-i create pods')).toBe('yes\n');
  },
  'auth can-i': async (s) => {
    expect((await s.try('auth can-i create pods --as=jane')).stdout).toBe('no\n');
    expect(await s.run('auth can-i --list')).toContain('selfsubjectaccessreviews.authorization.k8s.io');
  },
  'auth reconcile': async (s) => {
    const file = s.file(
      'role.yaml',
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: reconciled\n  namespace: ${s.namespace}\nrules:\n- apiGroups: [""]\n  resources: [pods]\n  verbs: [get]\n`,
    );
    expect(await s.run(`auth reconcile -f ${file}`)).toContain('reconciled');
    expect(await s.get('{.rules[0].verbs[0]}', 'role reconciled')).toBe('get');
  },
  'auth whoami': async (s) => {
    expect(await s.run('auth whoami')).toContain('system:masters');
  },
  'api-resources': async (s) => {
    const all = await s.run('api-resources');
    expect(all).toMatch(/deployments +deploy +apps\/v1 +true +Deployment|deployments +deploy +apps +true/);
    expect(await s.run('api-resources --namespaced=false --verbs=list -o name')).toContain('nodes\n');
  },
  'api-versions': async (s) => {
    expect(await s.run('api-versions')).toMatch(/^apps\/v1$[\s\S]*^v1$/m);
  },
  version: async (s) => {
    expect(await s.run('version -o json')).toMatch(/"gitVersion": "v1\.36\./);
  },
  'cluster-info': async (s) => {
    expect(await s.run('cluster-info')).toMatch(/Kubernetes (control plane|master).* is running at/);
    const parts = await s.run('get componentstatuses');
    for (const part of ['controller-manager', 'etcd-0', 'scheduler']) expect(parts).toMatch(new RegExp(`^${part} +Healthy +ok`, 'm'));
  },
  'cluster-info dump': async (s) => {
    expect(await s.run(`cluster-info dump --namespaces ${s.namespace}`)).toContain('"DeploymentList"');
  },
};
