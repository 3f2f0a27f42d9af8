import { rest, type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { type Level } from '../eviction/pressure';
import { type Machine } from '../node/machine';
import { type Reservations } from '../node/node-resources';
import { type CgroupTree } from './cgroup-tree';
import { kubepodsLimits, reservedLimits, type AllocatableOptions } from './node-allocatable';
import { kubepods } from './pod-cgroups';

export interface AllocatableEnforcementDeps {
  readonly tree: CgroupTree | undefined;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Upstream's wait before it tries again to narrow a group that still holds too much. */
const retryMs = 60_000;

/** Has the kernel hold all pods, and what is reserved for, to what the node's flags say. */
export class AllocatableEnforcement {
  readonly #root: string;
  readonly #stop = new AbortController();
  #working: Promise<void> = Promise.resolve();

  constructor(cgroupRoot: string, private readonly options: AllocatableOptions, private readonly reservations: Reservations, private readonly deps: AllocatableEnforcementDeps) {
    this.#root = kubepods(cgroupRoot);
  }

  /** Limits all pods, again until it works; rejects when a group that something is reserved for is not there. */
  async start(machine: Machine): Promise<void> {
    if (!this.deps.tree) return;
    await this.#reserve('system', this.options.systemReservedCgroup, this.reservations.systemReserved);
    await this.#reserve('kube', this.options.kubeReservedCgroup, this.reservations.kubeReserved);
    this.#working = this.#limitPods(this.deps.tree, machine);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('kubelet is stopping'));
    await this.#working;
  }

  /** How much of their memory pods together have left; undefined where nothing holds them to any. */
  async memoryLevel(): Promise<Level | undefined> {
    if (!this.deps.tree || !this.options.enforce.includes('pods')) return undefined;
    const { limitBytes, workingSetBytes } = await this.deps.tree.memory(this.#root);
    return limitBytes === Infinity ? undefined : { capacity: limitBytes, available: Math.max(0, limitBytes - workingSetBytes) };
  }

  async #limitPods(tree: CgroupTree, machine: Machine): Promise<void> {
    const { events, clock, log } = this.deps;
    const enforced = this.options.enforce.includes('pods');
    const limits = kubepodsLimits(machine, this.reservations, enforced);
    while (!this.#stop.signal.aborted) {
      try {
        await tree.ensure(this.#root, limits);
        if (enforced) events.node('Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods');
        return;
      } catch (error) {
        log.warn({ err: error, cgroup: this.#root }, 'pods could not be held to what the node may give');
        events.node('Warning', 'FailedNodeAllocatableEnforcement', `Failed to update Node Allocatable Limits ${JSON.stringify(this.#root)}: ${errorText(error)}`);
        await rest(clock, retryMs, this.#stop.signal);
      }
    }
  }

  async #reserve(name: 'system' | 'kube', cgroup: string, reserved: Readonly<Record<string, string>>): Promise<void> {
    const { tree, events } = this.deps;
    const compressibleOnly = this.options.enforce.includes(`${name}-reserved-compressible`);
    if (!tree || !(compressibleOnly || this.options.enforce.includes(`${name}-reserved`))) return;
    const title = name === 'system' ? 'System' : 'Kube';
    try {
      if (!(await tree.exists(cgroup))) throw new Error(`${JSON.stringify(cgroup)} cgroup does not exist`);
      await tree.ensure(cgroup, reservedLimits(reserved, compressibleOnly));
    } catch (error) {
      const message = `Failed to enforce ${title} Reserved Cgroup Limits on ${JSON.stringify(cgroup)}: ${errorText(error)}`;
      events.node('Warning', 'FailedNodeAllocatableEnforcement', message);
      throw new Error(message, { cause: error });
    }
    events.node('Normal', 'NodeAllocatableEnforced', `Updated limits on ${name} reserved cgroup ${cgroup}`);
  }
}
