import { readFileSync } from 'node:fs';
import { core, type corev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { eventually } from '@navarch/testing';
import { openCgroupTree } from '../cgroups/cgroup-tree';
import { type KubeletOptions } from '../kubelet-options';
import { HostMounter } from '../volumes/mounter';
import { KubeletBench, type KubeletBenchParts } from './kubelet-bench';
import { aContainer, aPod } from './pod-bench';
import { PrivateNode } from './private-node';

/** The image of containers that tests with root run. */
export const image = 'navarch.local/web:1';

/** A container that runs a shell's command. */
export function shell(name: string, command: string, more: Partial<corev1.Container> = {}): corev1.Container {
  return aContainer(name, { image, command: ['sh', '-c', command], ...more });
}

/** A whole kubelet with real containers, for tests with root. */
export class ContainerNode {
  readonly node = new PrivateNode();
  #bench: KubeletBench | undefined;

  /** Throws before `start`. */
  get bench(): KubeletBench {
    if (!this.#bench) throw new Error('the kubelet has not been started');
    return this.#bench;
  }

  /** Starts a containerd with a network, and a kubelet on it. */
  async start(options: Partial<KubeletOptions> = {}, parts: Partial<KubeletBenchParts> = {}): Promise<KubeletBench> {
    const { node } = this;
    await node.start();
    await node.enableNetwork();
    this.#bench = new KubeletBench({
      clock: systemClock, runtime: node.runtime, mounter: new HostMounter(), cgroups: await openCgroupTree(), root: node.folder, address: node.address, ...parts,
      options: { cgroupRoot: node.cgroupRoot, ...options },
    });
    await this.#bench.start();
    return this.#bench;
  }

  async stop(): Promise<void> {
    await this.#bench?.stop();
    await this.node.stop();
  }

  /** A pod that runs once, and goes soon when it is deleted. */
  readonly create = (name: string, spec: Partial<corev1.PodSpec>): corev1.Pod => this.bench.createPod(aPod({ restartPolicy: 'Never', terminationGracePeriodSeconds: 2, ...spec }, { name }));

  /** What a container has written. */
  readonly log = (name: string, container = 'main'): string => {
    const path = `${this.node.folder}/logs/default_${name}_${this.bench.pod(name)?.metadata.uid ?? ''}/${container}/0.log`;
    return readFileSync(path, 'utf8').split('\n').filter((line) => line !== '').map((line) => line.split(' ').slice(3).join(' ')).join('\n');
  };

  /** Waits until a pod has one of these phases; rejects with what became of it instead. */
  readonly phase = (name: string, ...wanted: string[]): Promise<corev1.Pod> => eventually(() => {
    const pod = this.bench.pod(name);
    if (!pod || !wanted.includes(pod.status?.phase ?? '')) throw new Error(`${JSON.stringify(pod?.status?.containerStatuses?.[0]?.state)}; events: ${this.bench.events.lines.slice(-8).join(' | ')}`);
    return pod;
  }, { timeoutMs: 40_000 });

  /** Deletes pods and waits until the API has none of them. */
  readonly gone = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) this.bench.api.delete(core.pods, 'default', name, { gracePeriodSeconds: 1 });
    await eventually(() => names.every((name) => this.bench.pod(name) === undefined), { timeoutMs: 30_000 });
  };
}
