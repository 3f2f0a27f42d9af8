import { apps, core, type appsv1, type corev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import {
  after, canonicalJson, claimObjects, done, isPodTerminal, slowStart, untilAvailableMs, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result,
} from '@navarch/reconcile';
import { BackOff } from '../../back-off';
import { recorderFor, type ControllerContext } from '../../context';
import { asError, firstFailure } from '../../errors';
import { ControllerHistory } from '../../history/controller-history';
import { duplicatesOf, planTruncation, POD_REVISION } from '../../history/revisions';
import { byController, candidatesOf, controlledBy } from '../../indexes';
import { aboutObject, PodControl } from '../../pods/pod-control';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeOwner, wakeSelf } from '../../wake-owner';
import { daemonPod } from './daemon-pod';
import { nodeFit } from './node-fit';
import { daemonSetStatus } from './status';
import { planDaemonSet, type DaemonSetPlan } from './sync';

type DaemonSet = appsv1.DaemonSet;
type Revision = appsv1.ControllerRevision;

/** How long failed pods stay before they are replaced: longer each time. */
const FAILED_POD_BACK_OFF = { initialMs: 1_000, maxMs: 900_000 };

/** Keeps one pod on each node that a DaemonSet is for. */
export class DaemonSetReconciler implements Reconciler {
  readonly name = 'daemonset';
  readonly daemonSets: ObjectSource<DaemonSet>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly nodes: ObjectSource<corev1.Node>;
  readonly history: ControllerHistory<DaemonSet>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  readonly #control: PodControl;
  readonly #failedPods: BackOff;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('daemonset-controller', context);
    this.#control = new PodControl(context.api, this.#events);
    this.#failedPods = new BackOff(FAILED_POD_BACK_OFF, context.clock);
    this.daemonSets = context.sources.informer(apps.daemonsets);
    this.pods = context.sources.informer(core.pods, { indexes: byController });
    this.nodes = context.sources.informer(core.nodes);
    this.history = new ControllerHistory(apps.daemonsets, context);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const daemonSet = this.daemonSets.get(key);
    if (daemonSet === undefined || daemonSet.metadata.deletionTimestamp !== undefined) return done;
    const { selector, template, revisionHistoryLimit } = daemonSet.spec ?? { selector: {}, template: {} };
    if (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0) {
      this.#events.event(aboutObject(apps.daemonsets, daemonSet), 'Warning', 'SelectingAll', 'This daemon set is selecting all pods. A non-empty selector is required.');
      return done;
    }
    const revisions = await this.#labelled(await this.history.claim(daemonSet, selector, signal), signal);
    const { collisionCount: collisions } = daemonSet.status ?? {};
    const { revision, collisionCount } = await this.history.ensure({ owner: daemonSet, template, revisions, hashLabel: POD_REVISION, ...(collisions === undefined ? {} : { collisionCount: collisions }) }, signal);
    const hash = hashOf(revision);
    const owned = await claimObjects(this.#context.api, { type: core.pods, candidates: candidatesOf(this.pods, daemonSet), ownerType: apps.daemonsets, owner: daemonSet, selector }, signal);
    const duplicates = duplicatesOf(revision, revisions);
    const pods = await this.#relabelled(owned, new Set(duplicates.map(hashOf)), hash, signal);
    await this.history.remove(duplicates, signal);
    const nowMs = this.#context.clock.now();
    const plan = planDaemonSet({ daemonSet, nodes: this.nodes.list(), pods, hash, nowMs, backOffMs: (node) => this.#failedPods.leftMs(backOffKey(daemonSet, node)) });
    const failure = await this.#carryOut(daemonSet, plan, hash, signal);
    const left = controlledBy(this.pods, daemonSet);
    await this.history.remove(planTruncation(revisions.filter((one) => !duplicates.includes(one)), ({ metadata }) => metadata.name === revision.metadata.name || left.some((pod) => pod.metadata.labels?.[POD_REVISION] === metadata.labels?.[POD_REVISION]), revisionHistoryLimit), signal);
    await this.#updateStatus(daemonSet, hash, collisionCount, signal);
    if (failure !== undefined) throw failure;
    return after(this.#againAfterMs(daemonSet, plan, left));
  }

  /** A revision that lost the label by which its pods are known gets its name for one, as upstream's constructHistory. */
  #labelled(revisions: readonly Revision[], signal: AbortSignal): Promise<Revision[]> {
    return Promise.all(revisions.map(async (one) => {
      const { labels = {}, name = '' } = one.metadata;
      if (labels[POD_REVISION] !== undefined) return one;
      return this.#context.api.update(apps.controllerrevisions, { ...one, metadata: { ...one.metadata, labels: { ...labels, [POD_REVISION]: name } } }, { signal });
    }));
  }

  /** Pods of revisions that are to go become pods of the one that stays, so that none is replaced (upstream's dedupCurHistories). */
  #relabelled(pods: readonly corev1.Pod[], from: ReadonlySet<string>, hash: string, signal: AbortSignal): Promise<corev1.Pod[]> {
    return Promise.all(pods.map(async (pod) => {
      const { labels = {} } = pod.metadata;
      if (!from.has(labels[POD_REVISION] ?? '')) return pod;
      return this.#context.api.update(core.pods, { ...pod, metadata: { ...pod.metadata, labels: { ...labels, [POD_REVISION]: hash } } }, { signal });
    }));
  }

  async #carryOut(daemonSet: DaemonSet, plan: DaemonSetPlan, hash: string, signal: AbortSignal): Promise<Error | undefined> {
    const about = aboutObject(apps.daemonsets, daemonSet);
    for (const { type, reason, message } of plan.events) this.#events.event(about, type, reason, message);
    for (const node of plan.failedOn) this.#failedPods.next(backOffKey(daemonSet, node));
    const { error } = await slowStart(plan.create.length, (index) => this.#control.create(about, daemonPod(daemonSet, plan.create[index] ?? '', hash), signal));
    const removed = await Promise.allSettled(plan.remove.map((pod) => this.#control.remove(about, pod, signal)));
    return asError(error) ?? firstFailure(removed);
  }

  async #updateStatus(daemonSet: DaemonSet, hash: string, collisionCount: number | undefined, signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#context;
    const status = daemonSetStatus({ daemonSet, nodes: this.nodes.list(), pods: controlledBy(this.pods, daemonSet), hash, nowMs: clock.now() }, collisionCount);
    if (canonicalJson(status) === canonicalJson(daemonSet.status)) return;
    await api.updateStatus(apps.daemonsets, { ...daemonSet, status }, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }

  /** What only time changes: pods that become available, and failed ones that may be replaced. */
  #againAfterMs({ spec }: DaemonSet, plan: DaemonSetPlan, pods: readonly corev1.Pod[]): number | undefined {
    const nowMs = this.#context.clock.now();
    const waits = pods.filter((pod) => !isPodTerminal(pod)).map((pod) => untilAvailableMs(pod, spec?.minReadySeconds ?? 0, nowMs));
    const known = [...waits, plan.againAfterMs].filter((ms) => ms !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }
}

const hashOf = ({ metadata }: Revision): string => metadata.labels?.[POD_REVISION] ?? '';

/** A new template gets a new chance at once. */
const backOffKey = ({ metadata, status }: DaemonSet, node: string): string => `${metadata.uid ?? ''}/${status?.observedGeneration ?? 0}/${node}`;

export function daemonSetController(context: ControllerContext): RunningController {
  const reconciler = new DaemonSetReconciler(context);
  const { daemonSets, pods, nodes, history } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentDaemonsetSyncs,
    reads: [read(daemonSets), read(pods), read(nodes), read(history.revisions)],
    watch: (controller) => {
      const wakeAll = (isTouched: (daemonSet: DaemonSet) => boolean): void => {
        for (const daemonSet of daemonSets.list()) if (isTouched(daemonSet)) controller.enqueueObject(daemonSet);
      };
      return [
        wakeSelf(daemonSets, controller),
        wakeOwner({ dependents: pods, owners: daemonSets, ownerType: apps.daemonsets, controller }),
        // As upstream's addHistory: a revision that somebody else makes stays until something happens to its DaemonSet.
        wakeOwner({ dependents: history.revisions, owners: daemonSets, ownerType: apps.daemonsets, controller, quietWhenMade: true }),
        nodes.addHandler({
          onAdd: (node) => wakeAll((daemonSet) => nodeFit(daemonSet, node).run),
          onUpdate: (previous, node) => {
            if (facts(previous) === facts(node)) return;
            wakeAll((daemonSet) => canonicalJson(nodeFit(daemonSet, previous)) !== canonicalJson(nodeFit(daemonSet, node)));
          },
          onDelete: (node) => wakeAll((daemonSet) => nodeFit(daemonSet, node).stay),
        }),
      ];
    },
  }, context);
}

/** What decides whether a node is one for a DaemonSet; heartbeats change nothing of it. */
const facts = ({ metadata, spec }: corev1.Node): string => canonicalJson([metadata.labels, spec?.taints]);
