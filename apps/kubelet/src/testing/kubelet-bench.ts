import { core, type corev1 } from '@navarch/api';
import { RemoteApiClient, SharedInformers } from '@navarch/client';
import { SimulatedTransport } from '@navarch/client/testing';
import { type Clock } from '@navarch/clock';
import { silentLogger, type Logger } from '@navarch/component-base';
import { Registry } from 'prom-client';
import { type CgroupTree } from '../cgroups/cgroup-tree';
import { type Levels } from '../eviction/pressure';
import { type RuntimeEventSource } from '../runtime/events/runtime-event-source';
import { Kubelet } from '../kubelet';
import { type KubeletDeps } from '../kubelet-deps';
import { createKubeletMetrics } from '../kubelet-metrics';
import { type KubeletOptions } from '../kubelet-options';
import { type ContainerRuntime } from '../runtime';
import { type Mounter } from '../volumes/mounter';
import { NodeApi } from './node-api';
import { noPlacement } from './no-placement';
import { RecordedEvents } from './recorded-events';

export interface KubeletBenchParts {
  readonly clock: Clock;
  readonly runtime: ContainerRuntime;
  readonly mounter: Mounter;
  readonly cgroups?: CgroupTree;
  readonly root: string;
  readonly options?: Partial<KubeletOptions>;
  readonly address?: string;
  readonly levels?: () => Promise<Levels>;
  readonly runtimeEvents?: readonly RuntimeEventSource[];
  readonly log?: Logger;
  readonly credentialProviders?: KubeletDeps['credentialProviders'];
}

/** A whole kubelet on an API in memory. */
export class KubeletBench {
  readonly api: NodeApi;
  readonly transport: SimulatedTransport;
  readonly events = new RecordedEvents();
  readonly crashes: unknown[] = [];
  /** The newest kubelet's metrics. */
  registry = new Registry();
  kubelet: Kubelet;
  #informers: SharedInformers;
  #client: RemoteApiClient;

  constructor(private readonly parts: KubeletBenchParts, api?: NodeApi) {
    this.api = api ?? new NodeApi(parts.clock);
    this.transport = new SimulatedTransport(this.api);
    ({ kubelet: this.kubelet, informers: this.#informers, client: this.#client } = this.#make());
  }

  async start(): Promise<void> {
    await this.#informers.start();
    await this.kubelet.start();
  }

  /** Ends the kubelet and leaves its pods running. */
  async stop(): Promise<void> {
    await this.kubelet.stop();
    await this.#client.stop();
    this.transport.cut();
    await this.#informers.stop();
  }

  /** Begins another kubelet on the same API, runtime and files, which may have other options. */
  async restart(options?: Partial<KubeletOptions>): Promise<void> {
    await this.stop();
    ({ kubelet: this.kubelet, informers: this.#informers, client: this.#client } = this.#make(options));
    await this.start();
  }

  createPod(pod: corev1.Pod): corev1.Pod {
    return this.api.create(core.pods, pod.metadata.namespace ?? 'default', pod);
  }

  pod(name: string): corev1.Pod | undefined {
    return this.api.find(core.pods, 'default', name);
  }

  status(name: string): corev1.ContainerStatus | undefined {
    return this.pod(name)?.status?.containerStatuses?.[0];
  }

  #make(others?: Partial<KubeletOptions>): { kubelet: Kubelet; informers: SharedInformers; client: RemoteApiClient } {
    const { clock, runtime, mounter, cgroups, root, options, address = '192.0.2.1', log = silentLogger } = this.parts;
    const informers = new SharedInformers({ transport: this.transport, clock, log, random: () => 0.5 });
    const client = new RemoteApiClient({ fieldManager: 'kubelet' }, { transport: this.transport, clock, log, observer: informers });
    this.registry = new Registry();
    const kubelet = new Kubelet({
      identity: { name: 'node-1', hostname: 'node-1', addresses: [address], labels: {}, taints: [], unschedulable: false, providerId: '', nodeService: `${address}:10250`, port: 10250, kubeletVersion: 'v1.36.0+navarch.0.1.0' },
      register: true, rootDir: `${root}/kubelet`, podLogsDir: `${root}/logs`, cgroupRoot: '', clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local',
      hostDns: { servers: [], searches: [], options: [] }, servesPlugins: true, maxPods: 110, podsPerCore: 0, cpuQuota: true, pullLimit: { perSecond: 0, burst: 0 }, nodeStatusMaxImages: 50, podManifestPath: '', manifestUrl: '', manifestUrlHeaders: {}, fileCheckMs: 20_000, httpCheckMs: 20_000, allowedUnsafeSysctls: [], shutdownGraces: [], eviction: { thresholds: [], transitionMs: 300_000, maxGraceSeconds: 0 }, reservations: { kubeReserved: {}, systemReserved: {}, evictionHard: {} }, allocatable: { enforce: ['pods'], kubeReservedCgroup: '', systemReservedCgroup: '' }, podMaxPids: -1, singleProcessOomKill: false, swapBehavior: 'NoSwap', failSwapOn: false, failCgroupV1: false, protectKernelDefaults: false, isolatesLocalStorage: true, placement: noPlacement, cpuReconcileMs: 10_000, maxParallelImagePulls: 0,
      syncFrequencyMs: 60_000, nodeStatusUpdateMs: 10_000, nodeStatusReportMs: 300_000, leaseDurationSeconds: 40, relistMs: 1_000,
      containerLogMaxBytes: 10 * 2 ** 20, containerLogMaxFiles: 5, containerLogCheckMs: 10_000, containerLogWorkers: 1, imageGcHighPercent: 85, imageGcLowPercent: 80, imageMinAgeMs: 120_000, imageMaxAgeMs: 0, seccompDefault: false, maxRestartWaitMs: 300_000, imageAccess: { policy: 'NeverVerifyPreloadedImages', allowlist: [] },
      ...options, ...others,
    }, {
      ...(this.parts.levels ? { levels: this.parts.levels } : {}), ...(this.parts.runtimeEvents ? { runtimeEvents: this.parts.runtimeEvents } : {}), ...(this.parts.credentialProviders ? { credentialProviders: this.parts.credentialProviders } : {}),
      client, informers, runtime, mounter, clock, log, events: this.events, cgroups, metrics: createKubeletMetrics(this.registry),
      onCrash: (error) => this.crashes.push(error),
    });
    return { kubelet, informers, client };
  }
}
