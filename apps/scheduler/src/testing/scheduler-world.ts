import { core, resource, type corev1, type KubeObject, type ResourceType } from '@navarch/api';
import { SimulatedCluster } from '@navarch/client/testing';
import { createRegistry, silentLogger } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import { buildProfiles } from '../config/build-profiles';
import { parseConfiguration } from '../config/load-configuration';
import { DecisionLog } from '../explain/decision-log';
import type { ExternalPlugin } from '../external/external-plugin';
import { Profiles } from '../profiles';
import { Scheduler } from '../scheduler';
import { schedulerInformers, type SchedulerInformers } from '../scheduler-informers';
import { SchedulerMetrics } from '../scheduler-metrics';

export interface WorldOptions {
  /** A KubeSchedulerConfiguration without apiVersion and kind, as YAML. */
  readonly configuration?: string;
  readonly extenders?: readonly ExternalPlugin[];
  readonly remote?: (name: string) => ExternalPlugin;
}

export interface SeenEvent {
  readonly pod: string;
  readonly reason: string;
  readonly message: string;
}

/** A simulated API with a scheduler at work on it, and time that stands still. */
export class SchedulerWorld extends SimulatedCluster {
  readonly events: SeenEvent[] = [];
  readonly registry: Registry = createRegistry();
  readonly decisions = new DecisionLog(50);
  readonly #metrics = new SchedulerMetrics(this.registry);
  readonly #caches: SchedulerInformers;
  readonly #profiles: Profiles;
  scheduler: Scheduler | undefined;

  constructor({ configuration = '', extenders = [], remote }: WorldOptions = {}) {
    super();
    const parsed = parseConfiguration(`apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n${configuration}`, 'test');
    const noRemote = (name: string): never => {
      throw new Error(`no plug-in ${name} in this test`);
    };
    this.#profiles = new Profiles(buildProfiles(parsed, { remote: remote ?? noRemote, extenders }, 'default-scheduler'));
    this.#caches = schedulerInformers(this.informers, { podGroups: true, deviceTaintRules: resource.devicetaintrules });
  }

  /** Begins to lead. */
  async lead(): Promise<Scheduler> {
    const scheduler = new Scheduler({ initialBackoffMs: 1_000, maxBackoffMs: 10_000 }, {
      client: this.client, informers: this.#caches, informerOf: (type, options) => this.informers.informer(type, options), profiles: this.#profiles, decisions: this.decisions, metrics: this.#metrics, clock: this.clock, log: silentLogger, random: () => 0.5,
      eventsFor: () => ({ event: (pod, _type, reason, message) => void this.events.push({ pod: pod.metadata.name ?? '', reason, message }) }),
    });
    this.scheduler = scheduler;
    await this.start();
    await scheduler.start();
    await this.settle();
    return scheduler;
  }

  override async stop(): Promise<void> {
    await this.scheduler?.stop();
    await super.stop();
  }

  /** Lets everything that needs no time happen; decisions take turns of the event loop. */
  override async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      await super.settle();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  create<T extends KubeObject>(type: ResourceType<T>, object: T): T {
    return this.api.create(type, object.metadata.namespace ?? '', object) as T;
  }

  node(name: string, cpu = '4', change: (node: corev1.Node) => void = () => undefined): void {
    const node: corev1.Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      spec: {},
      status: { allocatable: { cpu, memory: '8Gi', pods: '110' } },
    };
    change(node);
    this.create(core.nodes, node);
  }

  pod(name: string, cpu = '1', spec: Partial<corev1.PodSpec> = {}, labels: Record<string, string> = {}): corev1.Pod {
    return this.create(core.pods, {
      apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels }, status: { phase: 'Pending' },
      spec: { containers: [{ name: 'main', image: 'image', resources: { requests: { cpu } } }], ...spec },
    });
  }

  get(name: string): corev1.Pod {
    return this.api.get(core.pods, 'default', name);
  }

  pods(): corev1.Pod[] {
    return this.api.list<corev1.Pod>(core.pods);
  }

  nodeOf(name: string): string {
    return this.get(name).spec?.nodeName ?? '';
  }

  messageOf(name: string): string {
    return this.get(name).status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message ?? '';
  }

  changePod(name: string, change: (pod: corev1.Pod) => void): void {
    const pod = this.get(name);
    change(pod);
    this.api.update(core.pods, 'default', name, '', pod);
  }

  /** What a kubelet does with a pod that is asked to go. */
  finish(name: string): void {
    this.api.delete(core.pods, 'default', name, { gracePeriodSeconds: 0 });
  }

  async metric(name: string): Promise<Record<string, number>> {
    const metric = await this.registry.getSingleMetric(name)?.get();
    return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [Object.values(labels).join('/'), value]));
  }
}
