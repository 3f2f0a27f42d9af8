import { core, type corev1, isExtendedResource } from '@navarch/api';
import { isAlreadyExists } from '@navarch/apimachinery';
import { type ApiClient } from '@navarch/client';
import { rest, type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { canonicallyEqual } from '../canonical-json';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { type AdmittingNode } from '../pods/admit-node';
import { OneAtATime } from '../volumes/one-at-a-time';
import { conditionsPatch, diffFields } from '../status/status-patch';
import { type NodeStartMetrics } from './node-start-metrics';
import { nodeAnnotations, nodeLabels, nodeObject, nodeStatus, type NodeFacts, type NodeIdentity } from './node-object';

export interface NodeRegistrationOptions {
  readonly identity: NodeIdentity;
  /** Upstream's --register-node. */
  readonly register: boolean;
  /** How often the status is looked at. */
  readonly updateMs: number;
  /** How often it is written when nothing but the time has changed. */
  readonly reportMs: number;
}

export interface NodeRegistrationDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventSink;
  readonly facts: () => Promise<NodeFacts>;
  readonly volumesInUse: () => readonly string[];
  readonly metrics?: Pick<NodeStartMetrics, 'trying' | 'made' | 'ready'>;
}

const retryMs = { first: 100, last: 7_000 };

/** Keeps the Node object: made at the start, its status written when it changes and every five minutes. */
export class NodeRegistration {
  readonly #stop = new AbortController();
  #node: corev1.Node | undefined;
  #running: Promise<void> | undefined;
  #reportedAtMs = 0;
  /** As the last look found it, and the last event said it. */
  #unschedulable = false;
  #wake: (() => void) | undefined;
  #dirty = false;
  /** One that was made up earlier must not undo a later one. */
  readonly #writes = new OneAtATime();

  constructor(private readonly options: NodeRegistrationOptions, private readonly deps: NodeRegistrationDeps) {}

  /** As last read or written. */
  get node(): corev1.Node | undefined {
    return this.#node;
  }

  /** The node as pods see it: as the API has it, or as it would register where that is not known yet. */
  get admitting(): AdmittingNode {
    const { name, hostname, labels, taints } = this.options.identity;
    const own = { 'kubernetes.io/hostname': hostname, 'kubernetes.io/os': 'linux', ...labels };
    return { name, labels: this.#node?.metadata.labels ?? own, taints: this.#node ? this.#node.spec?.taints ?? [] : taints };
  }

  /** Reads the node anew, as upstream's GetCachedNode does without its cache. Keeps what is known when the API does not answer. */
  async refresh(): Promise<void> {
    try {
      this.#node = await this.deps.client.get(core.nodes, { namespace: '', name: this.options.identity.name }, { signal: this.#stop.signal });
    } catch (error) {
      if (!this.#stop.signal.aborted) this.deps.log.warn({ err: error }, 'node could not be read anew: pods are judged by what is known of it');
    }
  }

  /** Writes which volumes are in use, unless the node says so already; resolves with the names of those that it says are attached, as read after that. */
  reportVolumesInUse(): Promise<readonly string[]> {
    return this.#writes.run('status', async () => {
      const { client, volumesInUse } = this.deps;
      const key = { namespace: '', name: this.options.identity.name };
      const { signal } = this.#stop;
      const known = await client.get(core.nodes, key, { signal });
      const wanted = [...volumesInUse()];
      const isSaid = canonicallyEqual(known.status?.volumesInUse ?? [], wanted);
      this.#node = isSaid ? known : await client.patch(core.nodes, key, 'strategic', { status: { volumesInUse: wanted } }, { subresource: 'status', signal });
      return (this.#node.status?.volumesAttached ?? []).map(({ name }) => name);
    });
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('node registration is stopping'));
    this.#wake?.();
    await this.#running;
  }

  /** Something the status shows has changed: writes it soon. */
  changed(): void {
    this.#dirty = true;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    const { log, clock } = this.deps;
    const { signal } = this.#stop;
    const stopped = (): boolean => signal.aborted;
    for (let waitMs = retryMs.first; !this.#node;) {
      try {
        this.#node = await this.#register();
        log.info({ name: this.options.identity.name }, 'node registered');
      } catch (error) {
        if (stopped()) return;
        log.info({ err: errorText(error) }, 'node not registered yet');
        await rest(clock, waitMs, signal);
        if (stopped()) return;
        waitMs = Math.min(waitMs * 2, retryMs.last);
      }
    }
    while (!stopped()) {
      this.#dirty = false;
      try {
        await this.#writes.run('status', () => this.#updateStatus());
      } catch (error) {
        if (stopped()) return;
        log.warn({ err: error }, 'node status not written');
      }
      await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted || this.#dirty) return;
    const awake = new AbortController();
    this.#wake = () => awake.abort();
    await rest(this.deps.clock, this.options.updateMs, awake.signal);
    this.#wake = undefined;
  }

  async #register(): Promise<corev1.Node> {
    const { client, clock } = this.deps;
    const { identity } = this.options;
    const { signal } = this.#stop;
    const facts = await this.deps.facts();
    if (this.options.register) {
      try {
        this.deps.metrics?.trying(clock.now());
        const created = await client.create(core.nodes, nodeObject(identity, facts, clock.now()), { signal });
        this.#reportedAtMs = clock.now();
        this.deps.metrics?.made(clock.now());
        if (isReady(created)) this.deps.metrics?.ready(clock.now());
        return created;
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    }
    const existing = await client.get(core.nodes, { namespace: '', name: identity.name }, { signal });
    return this.#adopt(existing, facts);
  }

  /** An object that was here before keeps what others set, and gets this kubelet's labels and address. */
  async #adopt(existing: corev1.Node, facts: NodeFacts): Promise<corev1.Node> {
    const { identity } = this.options;
    const labels = Object.entries(nodeLabels(identity, facts.machine.architecture)).filter(([key, value]) => existing.metadata.labels?.[key] !== value);
    const annotations = Object.entries(nodeAnnotations(identity)).filter(([key, value]) => existing.metadata.annotations?.[key] !== value);
    if (labels.length === 0 && annotations.length === 0) return existing;
    const metadata = { labels: Object.fromEntries(labels), annotations: Object.fromEntries(annotations) };
    return this.deps.client.patch(core.nodes, { namespace: '', name: identity.name }, 'merge', { metadata }, { signal: this.#stop.signal });
  }

  async #updateStatus(): Promise<void> {
    const { client, clock } = this.deps;
    const { identity, reportMs } = this.options;
    const { signal } = this.#stop;
    const key = { namespace: '', name: identity.name };
    // The apiserver's cache is new enough: a write compares nothing, and others' conditions are not touched.
    const known = await client.get(core.nodes, key, { signal, notOlderThan: Number(this.#node?.metadata.resourceVersion ?? 0) });
    const before = known.status ?? {};
    const after = nodeStatus(identity, await this.deps.facts(), before, clock.now());
    const overdue = clock.now() - this.#reportedAtMs >= reportMs;
    this.#node = known;
    this.#sayChanges(known, after);
    if (!overdue && !differs(before, after)) return;
    const patch = nodeStatusPatch(before, after);
    this.#node = await client.patch(core.nodes, key, 'strategic', { status: patch }, { subresource: 'status', signal });
    this.#reportedAtMs = clock.now();
    if (isReady({ status: after })) this.deps.metrics?.ready(clock.now());
    this.#sayTransitions(before, after);
  }

  /** What others did to the node, or the machine itself. */
  #sayChanges({ spec, status }: corev1.Node, { nodeInfo }: corev1.NodeStatus): void {
    const { name } = this.options.identity;
    const unschedulable = spec?.unschedulable === true;
    if (unschedulable !== this.#unschedulable) {
      const reason = unschedulable ? 'NodeNotSchedulable' : 'NodeSchedulable';
      this.deps.events.node('Normal', reason, `Node ${name} status is now: ${reason}`);
    }
    this.#unschedulable = unschedulable;
    const before = status?.nodeInfo?.bootID ?? '';
    const bootId = nodeInfo?.bootID ?? '';
    if (before !== '' && before !== bootId) this.deps.events.node('Warning', 'Rebooted', `Node ${name} has been rebooted, boot id: ${bootId}`);
  }

  #sayTransitions(before: corev1.NodeStatus, after: corev1.NodeStatus): void {
    const name = this.options.identity.name;
    for (const { type, status } of after.conditions ?? []) {
      const old = before.conditions?.find((condition) => condition.type === type)?.status;
      if (old === status || (old === undefined && type !== 'Ready')) continue;
      const reason = reasons[`${type}=${status}`];
      if (reason) this.deps.events.node('Normal', reason, `Node ${name} status is now: ${reason}`);
    }
  }
}

const reasons: Partial<Record<string, string>> = {
  'Ready=True': 'NodeReady', 'Ready=False': 'NodeNotReady',
  'MemoryPressure=True': 'NodeHasInsufficientMemory', 'DiskPressure=True': 'NodeHasDiskPressure', 'PIDPressure=True': 'NodeHasInsufficientPID',
  'MemoryPressure=False': 'NodeHasSufficientMemory', 'DiskPressure=False': 'NodeHasNoDiskPressure', 'PIDPressure=False': 'NodeHasSufficientPID',
};

function isReady({ status }: Pick<corev1.Node, 'status'>): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true;
}

/** Whether more than the times of heartbeats differs. */
function differs(before: corev1.NodeStatus, after: corev1.NodeStatus): boolean {
  const patch = nodeStatusPatch(withoutHeartbeats(before), withoutHeartbeats(after));
  return Object.keys(patch).length > 0;
}

function withoutHeartbeats(status: corev1.NodeStatus): corev1.NodeStatus {
  return { ...status, conditions: (status.conditions ?? []).map((condition) => ({ ...condition, lastHeartbeatTime: '' })) };
}

/** A strategic merge patch; conditions and fields of other owners stay. */
export function nodeStatusPatch(before: corev1.NodeStatus, after: corev1.NodeStatus): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(after)) {
    if (key === 'conditions') continue;
    const old: unknown = before[key as keyof corev1.NodeStatus];
    if (canonicallyEqual(old, value)) continue;
    if (key === 'capacity' || key === 'allocatable' || key === 'nodeInfo') {
      const changes: Record<string, unknown> = {};
      diffFields((old ?? {}), value as Record<string, unknown>, changes);
      // Whoever keeps a resource of another domain that is no extended one takes it away.
      for (const [name, change] of Object.entries(changes)) if (change === null && name.includes('/') && !isExtendedResource(name)) delete changes[name];
      if (Object.keys(changes).length > 0) patch[key] = changes;
    } else patch[key] = value;
  }
  const conditions = conditionsPatch(before.conditions ?? [], after.conditions ?? [], () => true);
  if (conditions.length > 0) patch['conditions'] = conditions;
  return patch;
}
