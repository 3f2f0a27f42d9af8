import { coordination, core, type coordinationv1, type corev1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import { formatTime } from '@navarch/apimachinery';
import { isPodReady, keyOfObject, type EventRecorder, type ObjectApi, type ObjectSource, type ReconcileLog } from '@navarch/reconcile';
import type { Clock } from '@navarch/clock';
import { observedIn } from '../../disruption-condition';
import { readiness } from '../../nodes';
import { isSilent, noteSigns, silentConditions, type Grace, type HealthRecord } from './node-health';

/** Leases of the whole cluster are renewed every few seconds: if no news of any comes, our own ears are in doubt. */
const QUIET_FEED_MS = 15_000;
const LEASE_NAMESPACE = 'kube-node-lease';

export interface HealthMonitorDeps {
  readonly api: ObjectApi;
  readonly clock: Clock;
  readonly log: ReconcileLog;
  readonly events: EventRecorder;
  readonly grace: Grace;
  readonly nodes: ObjectSource<corev1.Node>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly leases: ObjectSource<coordinationv1.Lease>;
}

/**
 * Looks at all nodes again and again, and says of those that have been silent for too long that their state is
 * unknown. A silence that may be our own is not held against them.
 */
export class HealthMonitor {
  readonly #deps: HealthMonitorDeps;
  #records = new Map<string, HealthRecord>();
  #lastNewsMs = 0;
  /** Since when the apiserver is known to be within reach; before that no silence counts. */
  #reachableSinceMs: number | undefined;
  /** Nodes whose pods have yet to be marked. */
  readonly #toMark = new Set<string>();

  constructor(deps: HealthMonitorDeps) {
    this.#deps = deps;
  }

  /** Call when a Lease was renewed, whosever. */
  noteNews(): void {
    this.#lastNewsMs = this.#deps.clock.monotonic();
  }

  /** One look at all nodes. */
  async look(signal: AbortSignal): Promise<void> {
    if (!(await this.#canHear(signal))) return;
    const nodes = this.#deps.nodes.list();
    const records = new Map<string, HealthRecord>();
    for (const node of nodes) records.set(node.metadata.uid ?? '', this.#note(node));
    this.#records = records;
    await Promise.all(nodes.map((node) => this.#judge(node, signal)));
  }

  /** Gives every node a new start: after a time in which nothing could be heard from any. */
  forgive(): void {
    this.#reachableSinceMs = this.#deps.clock.monotonic();
  }

  async #canHear(signal: AbortSignal): Promise<boolean> {
    const { clock, api, log } = this.#deps;
    const now = clock.monotonic();
    if (now - this.#lastNewsMs > QUIET_FEED_MS || this.#reachableSinceMs === undefined) {
      try {
        await api.get(core.namespaces, { namespace: '', name: 'kube-system' }, { signal });
      } catch (error) {
        if (!isNotFound(error)) {
          log.warn({ err: error }, 'the apiserver cannot be reached: the silence of nodes proves nothing');
          this.#reachableSinceMs = undefined;
          return false;
        }
      }
      this.#reachableSinceMs ??= now;
    }
    return true;
  }

  #note(node: corev1.Node): HealthRecord {
    const before = this.#records.get(node.metadata.uid ?? '');
    const lease = this.#deps.leases.get({ namespace: LEASE_NAMESPACE, name: node.metadata.name ?? '' });
    const record = noteSigns(before, node, lease, this.#deps.clock.monotonic());
    if (record.readiness === 'True') return record;
    // Whoever saw it fall may not have lived to mark its pods.
    if (before === undefined) this.#toMark.add(node.metadata.name ?? '');
    // Whoever led before may have found it silent.
    else if (record.readiness === 'Unknown' && before.readiness !== 'Unknown') this.#onSilent(node, before.readiness);
    return record;
  }

  /** A kubelet that says itself that its node is not ready goes on telling of its pods: only those of a silent one are marked, as upstream. */
  #onSilent(node: corev1.Node, before: string): void {
    const { name = '' } = node.metadata;
    this.#toMark.add(name);
    if (before !== 'True') return;
    this.#deps.events.event({ ...node, apiVersion: 'v1', kind: 'Node' }, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
  }

  async #judge(node: corev1.Node, signal: AbortSignal): Promise<void> {
    const { clock, grace, log } = this.#deps;
    const { name = '', uid = '' } = node.metadata;
    const record = this.#records.get(uid);
    const heard = record && { ...record, seenMs: Math.max(record.seenMs, this.#reachableSinceMs ?? 0) };
    try {
      if (heard !== undefined && isSilent(heard, node, clock.monotonic(), grace)) await this.#markUnknown(node, heard, signal);
      if (this.#toMark.has(name)) await this.#markPods(node, signal);
    } catch (error) {
      // The next look tries again.
      if (isConflict(error) || isNotFound(error)) return;
      log.warn({ node: name, err: error }, 'node health could not be updated');
    }
  }

  async #markUnknown(node: corev1.Node, record: HealthRecord, signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#deps;
    const conditions = silentConditions(node, clock.now());
    if (conditions === undefined) return;
    // Absence in a cache is no proof: the Lease itself is asked for.
    const lease = await api.get(coordination.leases, { namespace: LEASE_NAMESPACE, name: node.metadata.name ?? '' }, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      return undefined;
    });
    if ((lease?.spec?.renewTime ?? '') !== record.renewal) return;
    const updated = await api.updateStatus(core.nodes, { ...node, status: { ...node.status, conditions } }, { signal });
    this.#records.set(updated.metadata.uid ?? '', { ...record, readiness: readiness(updated) });
    if (record.readiness !== 'Unknown') this.#onSilent(updated, record.readiness);
  }

  /** Pods of a node that nobody hears of are not ready: Services must stop leading to them. */
  async #markPods(node: corev1.Node, signal: AbortSignal): Promise<void> {
    const { api, pods, clock, events } = this.#deps;
    const { name = '' } = node.metadata;
    if (readiness(this.#deps.nodes.get({ namespace: '', name }) ?? node) !== 'True') {
      await Promise.all(pods.byIndex('node', name).filter(isPodReady).map(async (pod) => {
        const conditions = (pod.status?.conditions ?? []).map((condition) => (condition.type === 'Ready' ? { ...condition, status: 'False', lastTransitionTime: formatTime(clock.now()), ...observedIn(pod) } : condition));
        await api.updateStatus(core.pods, { ...pod, status: { ...pod.status, ...observedIn(pod), conditions } }, { signal }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
        events.event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, 'Warning', 'NodeNotReady', 'Node is not ready');
      }));
    }
    this.#toMark.delete(keyOfObject(node).name);
  }
}
