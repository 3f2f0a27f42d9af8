import { core, type corev1, type KubeObject, type ResourceType } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { SimulatedCluster } from '@navarch/client/testing';
import { parseFlags } from '@navarch/component-base';
import { Registry } from 'prom-client';
import { flags, type ControllerConfig } from '../config';
import type { ControllerContext } from '../context';
import type { RunningController } from '../running-controller';
import { FakeMetrics } from './fake-metrics';
import { FakeRestApi } from './fake-rest-api';

/** A simulated API with some controllers at work on it, and time that stands still. */
export class ControllerWorld extends SimulatedCluster {
  readonly context: ControllerContext;
  readonly metrics = new FakeMetrics();
  readonly rest = new FakeRestApi();
  readonly registry = new Registry();
  readonly warnings: unknown[] = [];
  #running: RunningController[] = [];

  constructor(config: Partial<ControllerConfig> = {}, before?: ControllerWorld) {
    super(before?.clock, undefined, before?.api);
    const required = ['--apiserver=none', '--certificate-authority=none', '--client-certificate=none', '--client-key=none'];
    const warn = (fields: object): void => void this.warnings.push(fields);
    this.context = {
      api: this.client,
      sources: this.informers,
      clock: this.clock,
      metrics: this.metrics,
      rest: this.rest,
      registry: this.registry,
      log: { debug: () => undefined, info: () => undefined, warn, error: warn },
      config: { ...(parseFlags(flags, required, {}) as ControllerConfig), rootCaFile: __filename, ...config },
    };
  }

  /** Starts controllers and lets them do what needs no time. */
  async run(...create: ((context: ControllerContext) => RunningController)[]): Promise<void> {
    this.#running = create.map((one) => one(this.context));
    await this.start();
    await Promise.all(this.#running.map((controller) => controller.start()));
    await this.settle();
  }

  override async stop(): Promise<void> {
    await Promise.all(this.#running.map((controller) => controller.stop()));
    await super.stop();
  }

  create<T extends KubeObject>(type: ResourceType<T>, object: T): T {
    return this.api.create(type, object.metadata.namespace ?? '', object) as T;
  }

  get<T extends KubeObject>(type: ResourceType<T>, name: string, namespace = type.namespaced ? 'default' : ''): T {
    return this.api.get(type, namespace, name) as T;
  }

  all<T extends KubeObject>(type: ResourceType<T>, namespace = ''): T[] {
    return this.api.list(type, namespace);
  }

  /** Changes an object as a user would. */
  change<T extends KubeObject>(type: ResourceType<T>, name: string, change: (object: T) => void, subresource = ''): void {
    const namespace = type.namespaced ? 'default' : '';
    const object = this.get(type, name, namespace);
    change(object);
    this.api.update(type, namespace, name, subresource, object);
  }

  /** What kubelets do: pods that are chosen become ready, those on their way out go. */
  runPods(choose: (pod: corev1.Pod) => boolean = () => true): void {
    for (const pod of this.all(core.pods)) {
      const { name = '', namespace = '' } = pod.metadata;
      if (pod.metadata.deletionTimestamp !== undefined) this.api.delete(core.pods, namespace, name, { gracePeriodSeconds: 0 });
      else if (choose(pod) && !['Running', 'Succeeded', 'Failed'].includes(pod.status?.phase ?? '')) {
        const ip = `10.244.0.${Number(pod.metadata.resourceVersion) / 1024}`;
        if (pod.spec?.nodeName === undefined) this.api.bind(namespace, name, onlyNodeOf(pod) ?? 'node-1');
        const bound = this.get(core.pods, name, namespace);
        bound.status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(this.clock.now()) }] };
        this.api.update(core.pods, namespace, name, 'status', bound);
      }
    }
  }

  /** Lets controllers and kubelets take turns until nothing changes any more. */
  async untilQuiet(): Promise<void> {
    for (let turn = 0; turn < 100; turn++) {
      const before = this.api.version;
      this.runPods();
      await this.clock.advance(100);
      await this.settle();
      if (this.api.version === before) return;
    }
    throw new Error('it does not come to rest');
  }

  /** Values of a metric by its labels, joined with slashes. */
  async metric(name: string): Promise<Record<string, number>> {
    const metric = await this.registry.getSingleMetric(name)?.get();
    return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [Object.values(labels).join('/'), value]));
  }

  /** Reasons and messages of the events about an object of this name, oldest first. */
  eventsOf(name: string): string[] {
    return this.all(core.events).filter((event) => event.involvedObject.name === name).map(({ reason = '', message = '' }) => `${reason}: ${message}`);
  }
}

/** The node that a pod's affinity names. */
function onlyNodeOf({ spec }: corev1.Pod): string | undefined {
  return spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0];
}
