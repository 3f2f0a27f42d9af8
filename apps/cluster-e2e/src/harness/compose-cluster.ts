import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from './api-client';
import { root, RunningCluster } from './cluster';
import { checkHealth, containerIds, hasAnything, inspect, inspectAll, type Container } from './docker-engine';
import { must, run } from './shell';

/** The first three numbers of its containers' addresses. */
export const network = process.env['NAVARCH_NETWORK'] ?? '172.31.240';

/** Those of docker-compose.yml. */
type Profile = 'full' | 'minimal' | 'simulated';

/** Services whose containers are nodes. */
const nodeService = /^(simulated-)?node(-\d+)?$/;

/** The cluster of docker-compose.yml, unchanged but for flags that make a lost node be noticed sooner. Its images are built already. */
export class ComposeCluster extends RunningCluster {
  readonly kubeconfig: string;
  /** What is laid over docker-compose.yml, as `with` says. */
  #overrides: readonly string[] = [];

  constructor(readonly project: string, readonly profile: Profile = 'full') {
    super();
    this.kubeconfig = join(root, '.navarch', `compose-${project}`, 'kubeconfig');
  }

  get #flags(): string[] {
    const files = ['docker-compose.yml', 'tools/compose/soon.yml', ...this.#overrides];
    return ['--project-name', this.project, ...files.flatMap((file) => ['--file', join(root, file)])];
  }

  /** From now on it is the cluster with these files laid over it, once it is told `up`. */
  with(...overrides: string[]): this {
    this.#overrides = overrides;
    return this;
  }

  /**
   * `.env` says which cluster is about when nobody else does. Of the smallest cluster the engine asks once a minute whether all are well, as of
   * every user's; of the others the tests ask themselves, as processes that are started in two dozen containers cost them their time.
   */
  get #settings(): Record<string, string> {
    return { ...(this.profile === 'full' ? {} : { COMPOSE_PROFILES: this.profile }), ...(this.profile === 'simulated' ? {} : { NAVARCH_HEALTH_INTERVAL: '1h' }) };
  }

  /**
   * Ahead of the cluster, which is busy all the time: a replacement would take ten times as long as its work. Typed again where
   * docker-compose 1.29 gives up because a container ended just when it was to be stopped, as examples/swap/README.md says.
   */
  async compose(...args: string[]): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await must('nice', ['-n', '-10', 'docker-compose', ...this.#flags, ...args], { timeoutMs: 300_000, env: { ...this.#settings, DOCKER_BUILDKIT: '0' } });
      } catch (error) {
        if (attempt === 5 || !/cannot stop container: .* is not running/.test(String(error))) throw error;
      }
    }
  }

  /** What to type for a line of documentation that speaks of the default project, where there is no terminal. */
  typed(line: string): string {
    const compose = [...Object.entries(this.#settings).map(([name, value]) => `${name}=${value}`), 'docker-compose', ...this.#flags].join(' ');
    return line.replaceAll('docker-compose ', `${compose} `).replaceAll(/ (exec|run --rm) (?!-T)/g, ' $1 -T ');
  }

  async up(...options: string[]): Promise<string> {
    const printed = await this.compose('up', '-d', '--no-build', ...options);
    mkdirSync(join(this.kubeconfig, '..'), { recursive: true });
    // As documented: whatever that prints is what kubectl gets.
    writeFileSync(this.kubeconfig, await this.compose('run', '--rm', '-T', 'kubeconfig'));
    chmodSync(this.kubeconfig, 0o600);
    await this.untilReady((await this.containers()).filter((container) => nodeService.test(serviceOf(container))).length);
    return printed;
  }

  /** Waits until so many nodes are Ready; answers their names. Asked without a kubectl, which would take the processor from what starts. */
  async untilReady(count: number): Promise<string[]> {
    const api = new ApiClient(this.kubeconfig);
    try {
      return await this.until(async () => {
        const { code, text } = await api.call('GET', '/api/v1/nodes', undefined, { timeoutMs: 5_000 });
        if (code !== 200) throw new Error(text);
        const ready = readyNodes(JSON.parse(text) as { items: Node[] });
        if (ready.length < count) throw new Error(`${ready.length} of ${count} nodes are Ready: ${ready.join(', ')}`);
        return ready;
      }, 240_000);
    } finally {
      api.close();
    }
  }

  /** Volumes stay, unless `--purge`: then nothing needs to end well, and where there is nothing of it, nothing is done. */
  async down(...options: string[]): Promise<string> {
    this.forget();
    if (options.includes('--purge') && !(await hasAnything(composeLabels({ project: this.project })))) return '';
    return this.compose('down', ...(options.includes('--purge') ? ['--timeout', '1', '--volumes', '--remove-orphans'] : ['--timeout', '20']));
  }

  async inNode(node: string): Promise<readonly string[]> {
    return ['nsenter', '--target', String(await this.pid(node)), '--net'];
  }

  async stopKubelet(node: string): Promise<() => Promise<void>> {
    const signal = async (name: string): Promise<void> => {
      await this.exec(node, 'pkill', `-${name}`, '-f', 'apps/kubelet/dist/main.js');
    };
    await signal('STOP');
    return () => signal('CONT');
  }

  onNode(node: string, ...command: string[]): Promise<string> {
    return this.exec(node, ...command);
  }

  readonly hostAddress = `${network}.1`;

  serverToJoin(): Promise<string> {
    return Promise.resolve('https://control-plane:6443');
  }

  async addRegistry(address: string, hosts: string): Promise<void> {
    const dir = `/var/lib/navarch/node/registries/${address}`;
    for (const node of ['node-1', 'node-2']) await must('docker', ['exec', '-i', await this.container(node), 'sh', '-c', `mkdir -p ${dir} && cat > ${dir}/hosts.toml`], { input: hosts });
  }

  async imageArchive(name: string): Promise<string> {
    const archive = join(this.kubeconfig, '..', name);
    await must('docker', ['cp', `${await this.container('node-1')}:/var/lib/navarch/.cache/images/${name}`, archive]);
    return archive;
  }

  /** Of the first one; there may be others. */
  async scheduler(): Promise<{ host: string; port: number }> {
    const host = await must('docker', ['inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', await this.container('scheduler-1')]);
    return { host: host.trim(), port: 10259 };
  }

  async container(service: string): Promise<string> {
    const [id] = await containerIds(composeLabels({ project: this.project, service, oneoff: 'False' }));
    if (id === undefined) throw new Error(`${service} has no container`);
    return id;
  }

  /** Process id, on the host, of what a service's container runs; 0 while it runs nothing. */
  async pid(service: string): Promise<number> {
    return (await inspect(await this.container(service))).State.Pid;
  }

  async exec(service: string, ...command: string[]): Promise<string> {
    return must('docker', ['exec', await this.container(service), ...command]);
  }

  /** Ends what `exec` began in a service's container: the engine leaves it there when who asked for it is gone. */
  async endInside(service: string, program: string): Promise<void> {
    const running = await must('docker', ['top', await this.container(service), '-eo', 'pid,args']);
    for (const [, pid, args = ''] of running.matchAll(/^\s*(\d+) (.*)$/gm)) if (args.includes(program)) process.kill(Number(pid));
  }

  /** Asks what the service's own health check asks, until it is well: the engine itself asks too seldom. */
  async untilWell(service: string): Promise<void> {
    await this.until(async () => {
      await checkHealth(await inspect(await this.container(service)));
    }, 120_000);
  }

  /** The same of all services that have a health check, at the same time. */
  async untilAllWell(): Promise<void> {
    await this.until(async () => {
      await Promise.all((await this.containers()).filter(({ Config }) => Config.Healthcheck !== undefined && Config.Healthcheck.Test[0] !== 'NONE').map(checkHealth));
    }, 120_000);
  }

  /** As a crash: the engine starts it again. (`docker kill` would be an order to stop.) */
  async kill(service: string): Promise<void> {
    const before = await this.until(async () => {
      const pid = await this.pid(service);
      // To the system, 0 is every process of the tests' own group.
      if (pid === 0) throw new Error(`${service} does not run`);
      return pid;
    });
    process.kill(before, 'SIGKILL');
    await this.until(async () => {
      const now = await this.pid(service);
      if (now === 0 || now === before) throw new Error(`${service} has not come back`);
    });
  }

  async pause(service: string): Promise<() => Promise<void>> {
    const id = await this.container(service);
    await must('docker', ['pause', id]);
    return async () => {
      await must('docker', ['unpause', id]);
    };
  }

  /** Takes a service off the network; what is returned connects it again, at its address and under its name. */
  async cut(service: string, host?: number): Promise<() => Promise<void>> {
    const id = await this.container(service);
    const name = `${this.project}_default`;
    await must('docker', ['network', 'disconnect', name, id]);
    return async () => {
      await must('docker', ['network', 'connect', '--alias', service, ...(host === undefined ? [] : ['--ip', `${network}.${host}`]), name, id]);
    };
  }

  /** Who of several replicas leads, by the Lease that it holds. */
  async leader(lease: string, replicas: readonly string[]): Promise<string> {
    const holder = await this.kubectl(`-n kube-system get lease ${lease} -o jsonpath={.spec.holderIdentity}`);
    for (const service of replicas) if (holder.startsWith((await this.container(service)).slice(0, 12))) return service;
    throw new Error(`${holder} is none of ${replicas.join(', ')}`);
  }

  /** What etcd itself holds below a key, asked of one member. */
  async stored(member: string, prefix: string): Promise<Map<string, string>> {
    const tls = ['--cacert=/pki/etcd-ca.crt', '--cert=/pki/etcd-server.crt', '--key=/pki/etcd-server.key', '--endpoints=https://127.0.0.1:2379'];
    const { kvs = [] } = JSON.parse(await this.exec(member, 'etcdctl', ...tls, 'get', '--prefix', prefix, '-w', 'json')) as { kvs?: { key: string; value: string }[] };
    const decode = (text: string): string => Buffer.from(text, 'base64').toString();
    return new Map(kvs.map(({ key, value }) => [decode(key), decode(value)]));
  }

  /** All containers there are, those too that have done their work. */
  async containers(): Promise<Container[]> {
    return inspectAll(await containerIds(composeLabels({ project: this.project })));
  }

  /** The host loses its power, and gets it back: what restart policies bring back is all that comes. */
  async powerCut(): Promise<void> {
    const dir = process.env['NAVARCH_ENGINE'];
    if (dir === undefined) throw new Error('NAVARCH_ENGINE is not set: run this by npm run compose:e2e');
    for (const command of ['power-cut', 'power-on']) await must(process.execPath, [join(root, 'tools/compose/engine.mjs'), command, dir], { timeoutMs: 120_000 });
  }

  /** All that a service's container, or all of them, have written. */
  async logs(...services: string[]): Promise<string> {
    const { stdout, stderr } = await run('docker-compose', [...this.#flags, 'logs', '--no-color', ...services], { env: this.#settings, timeoutMs: 120_000 });
    return stdout + stderr;
  }
}

interface Node {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly unschedulable?: boolean };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Names of those that take pods. */
const readyNodes = ({ items }: { readonly items: readonly Node[] }): string[] =>
  items.filter(({ spec, status }) => spec?.unschedulable !== true && status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')).map(({ metadata }) => metadata.name);

/** By which docker-compose finds again what is its own. */
const composeLabels = (of: Readonly<Record<string, string>>): Record<string, string> => Object.fromEntries(Object.entries(of).map(([name, value]) => [`com.docker.compose.${name}`, value]));

/** The name of its service. */
export const serviceOf = ({ Config }: Container): string => Config.Labels['com.docker.compose.service'] ?? '';
