import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { Registry } from 'prom-client';
import { PodCgroups } from '../cgroups/pod-cgroups';
import { UserNamespaces } from '../containers/user-namespaces';
import { CsiDrivers } from '../csi/csi-drivers';
import { CsiPaths } from '../csi/csi-paths';
import { CsiVolumes } from '../csi/csi-volumes';
import { type ReferencedData } from '../containers/environment';
import { createKubeletMetrics } from '../kubelet-metrics';
import { DevicePlugins } from '../devices/device-plugins';
import { ImagePuller } from '../images/image-puller';
import { PullRecords } from '../images/pull-records';
import { type NodeSurroundings } from '../pods/node-surroundings';
import { PodExecutor, type PodExecutorDeps } from '../pods/pod-executor';
import { PodWorker } from '../pods/pod-worker';
import { type PendingResize } from '../pods/resize';
import { type RuntimeView } from '../pods/runtime-view';
import { PodProbes } from '../probes/pod-probes';
import { type ProbeOutcome, type ProbeTarget } from '../probes/run-probe';
import { observePod } from '../runtime/observe-pod';
import { NoMounter } from '../volumes/mounter';
import { PodDirectories } from '../volumes/pod-directories';
import { PodVolumes } from '../volumes/pod-volumes';
import { PodPlacement } from '../topology/pod-placement';
import { noPlacement } from './no-placement';
import { noObjects } from './volume-objects';
import { FakeRuntime } from './fake-runtime';
import { RecordedEvents } from './recorded-events';

/** A pod's worker with everything real but the runtime, the API and time. */
export class PodBench {
  readonly clock = new FakeClock();
  readonly runtime = new FakeRuntime(this.clock);
  readonly events = new RecordedEvents();
  readonly configMaps = new Map<string, corev1.ConfigMap>();
  readonly secrets = new Map<string, corev1.Secret>();
  services: corev1.Service[] = [];
  networkError: string | undefined;
  /** What is asked of dynamic resources; none are held. */
  claims: PodExecutorDeps['claims'] = { prepare: () => Promise.resolve(), unprepare: () => Promise.resolve(), holds: () => false, devicesFor: () => [] };
  readonly cgroups = new PodCgroups('/', undefined);
  room: PendingResize | undefined;
  userNamespaces = new Set<string>();
  recursiveReadOnlyMounts = new Set<string>();
  /** Statuses in the order they were reported. */
  readonly statuses: corev1.PodStatus[] = [];
  readonly deleted: string[] = [];
  readonly registry = new Registry();
  probe: (probe: corev1.Probe, target: ProbeTarget) => ProbeOutcome = () => ({ result: 'success', output: '' });

  readonly #metrics = createKubeletMetrics(this.registry);

  private constructor(readonly root: string) {}

  static async open(): Promise<PodBench> {
    return new PodBench(await mkdtemp(join(tmpdir(), 'kubelet-')));
  }

  async close(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }

  worker(pod: corev1.Pod, view?: RuntimeView): PodWorker {
    const { clock, runtime, events } = this;
    const directories = new PodDirectories(join(this.root, 'kubelet'), join(this.root, 'logs'));
    const data = this.#data();
    const volumes = new PodVolumes({
      directories, mounter: new NoMounter(), log: silentLogger, events, clock, objects: noObjects, node: () => ({ name: 'node-1', labels: {} }), image: () => Promise.resolve(''),
      csi: new CsiVolumes({ nodeName: 'node-1', drivers: new CsiDrivers(), objects: noObjects, paths: new CsiPaths(directories), token: () => Promise.reject(new Error('no tokens here')), reportInUse: () => Promise.resolve([]), onLimit: () => Promise.resolve(), log: silentLogger }),
      sources: () => ({ data, trust: noObjects, addresses: { podIPs: [], hostIPs: [] }, allocatable: {}, token: () => Promise.resolve('token'), certificate: () => Promise.reject(new Error('no certificates here')) }),
    });
    const node = (): NodeSurroundings => ({
      userNamespaces: this.userNamespaces, recursiveReadOnlyMounts: this.recursiveReadOnlyMounts, hostIPs: ['192.0.2.1'], allocatable: { cpu: '4', memory: '8Gi' }, memoryCapacity: 8 * 2 ** 30, seccompDefault: false, cpuQuota: true, killsGroups: false, swap: { behavior: 'NoSwap', capacity: 0, control: undefined }, networkError: this.networkError,
      dns: { clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local', host: { servers: ['192.0.2.53'], searches: ['example.org'], options: [] } },
    });
    const metrics = this.#metrics;
    const devices = new DevicePlugins({ directory: join(this.root, 'device-plugins'), log: silentLogger, metrics, numaNodes: () => [], onChange: () => undefined });
    const executor = new PodExecutor({
      runtime, volumes, directories, events, clock, data, node, metrics, log: silentLogger,
      images: new ImagePuller({ maxParallelPulls: 0, access: { policy: 'NeverVerifyPreloadedImages', allowlist: [] } }, { runtime, events, clock, metrics: metrics.images, records: new PullRecords(join(this.root, 'image_manager'), { clock, log: silentLogger }), pullSecrets: (of) => Promise.resolve((of.spec?.imagePullSecrets ?? []).flatMap(({ name }) => this.secrets.get(name ?? '') ?? [])) }),
      cgroups: this.cgroups,
      users: new UserNamespaces(directories),
      devices, claims: this.claims, placement: new PodPlacement(noPlacement, { rootDir: this.root, runtime, log: silentLogger, devices, metrics: metrics.placement }),
      services: () => this.services,
      runtimeHandler: () => Promise.resolve(''),
    });
    const worker: PodWorker = new PodWorker(pod, view, {
      executor, events, clock, log: silentLogger, metrics,
      probes: (onChange) => new PodProbes({ clock, events, onChange, run: (probe, target) => Promise.resolve(this.probe(probe, target)) }),
      observe: (uid, known) => observePod(runtime, uid, known),
      room: () => this.room,
      onResize: (trigger) => worker.tryResize(trigger),
      hostIPs: () => ['192.0.2.1'],
      runtimeName: 'fake',
      recursiveReadOnlyMounts: () => this.recursiveReadOnlyMounts,
      resourceHealth: () => [],
      onStatus: (_pod, status) => this.statuses.push(status),
      onStopped: (stopped) => {
        this.deleted.push(stopped.metadata.uid ?? '');
        return Promise.resolve();
      },
      onEnded: () => undefined,
      onDone: () => undefined,
      onCrash: (error) => {
        throw error;
      },
    });
    worker.wake();
    return worker;
  }

  get status(): corev1.PodStatus {
    return this.statuses.at(-1) ?? {};
  }

  container(name: string): corev1.ContainerStatus | undefined {
    return [...this.status.containerStatuses ?? [], ...this.status.initContainerStatuses ?? []].find((status) => status.name === name);
  }

  condition(type: string): corev1.PodCondition | undefined {
    return this.status.conditions?.find((condition) => condition.type === type);
  }

  /** Turns of the loop until something holds; time stands still. */
  async until(what: string, holds: () => boolean): Promise<void> {
    // Files are real, so turns of the loop are not enough to count.
    for (const end = performance.now() + 30_000; performance.now() < end;) {
      if (holds()) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`never came true: ${what}; events: ${this.events.lines.join(' | ')}; status: ${JSON.stringify(this.status)}`);
  }

  /** Turns of the loop until nothing happens any more. */
  async settle(): Promise<void> {
    for (let quiet = 0, seen = -1; quiet < 200; quiet++) {
      const now = this.statuses.length + this.runtime.calls.length + this.events.all.length;
      if (now !== seen) quiet = 0;
      seen = now;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The value of one line of `/metrics`. */
  async metric(line: string): Promise<number | undefined> {
    const found = (await this.registry.metrics()).split('\n').find((each) => each.startsWith(`${line} `));
    return found === undefined ? undefined : Number(found.slice(line.length + 1));
  }

  async running(name: string): Promise<void> {
    await this.until(`${name} is running`, () => this.container(name)?.state?.running !== undefined);
  }

  /** Ends the newest container of this name, and waits until its end is seen. */
  async exit(worker: { refresh(): void }, name: string, code: number): Promise<void> {
    const { id } = this.runtime.newest(name).status;
    this.runtime.exit(id, code);
    worker.refresh();
    const runs = (): boolean => this.container(name)?.state?.running !== undefined && this.container(name)?.containerID === `fake://${id}`;
    await this.until(`the end of ${name} is seen`, () => !runs());
  }

  #data(): ReferencedData {
    const find = <T>(map: ReadonlyMap<string, T>, kind: string, name: string): Promise<T> => {
      const found = map.get(name);
      return found === undefined ? Promise.reject(new Error(`${kind} "${name}" not found`)) : Promise.resolve(found);
    };
    return {
      configMap: (_namespace, name) => find(this.configMaps, 'configmap', name),
      secret: (_namespace, name) => find(this.secrets, 'secret', name),
      isMissing: (error) => error instanceof Error && error.message.endsWith('not found'),
    };
  }
}

let uids = 0;

/** A pod with one container `main`, changed by what a test cares about. */
export function aPod(spec: Partial<corev1.PodSpec> = {}, metadata: Partial<corev1.Pod['metadata']> = {}): corev1.Pod {
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: `uid-${++uids}`, ...metadata },
    spec: { containers: [aContainer('main')], restartPolicy: 'Always', terminationGracePeriodSeconds: 30, dnsPolicy: 'ClusterFirst', nodeName: 'node-1', ...spec },
    status: { phase: 'Pending' },
  };
}

/** A container as the API server keeps it: it asks for what it is limited to, unless it says what it asks for. */
export function aContainer(name: string, more: Partial<corev1.Container> = {}): corev1.Container {
  const { resources } = more;
  return {
    name, image: 'app:1', imagePullPolicy: 'IfNotPresent', terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', ...more,
    ...(resources?.limits === undefined ? {} : { resources: { ...resources, requests: { ...resources.limits, ...resources.requests } } }),
  };
}

/** The pod with a deletion asked for. */
export function deleted(pod: corev1.Pod, graceSeconds = 30): corev1.Pod {
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: graceSeconds } };
}
