import { coordination, core, type corev1 } from '@navarch/api';
import { after, Controller, done, type EventRecorder, type ObjectKey, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { byNode, NOT_READY, readiness, UNREACHABLE, zoneOf } from '../../nodes';
import { repeat } from '../../repeat';
import type { RunningController } from '../../running-controller';
import { HealthMonitor } from './health-monitor';
import { NodeMetrics } from './node-metrics';
import { planTaints } from './taints';
import { planZones, ZoneLimiter, type ZonePlan } from './zones';

/** Labels of old that some still select by, and the label each repeats. */
const LABELS_OF_OLD: readonly (readonly [from: string, to: string])[] = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
];

/** Watches over nodes: who is silent is unknown, who is not ready is tainted, and nodes are emptied with restraint. */
export class NodeLifecycleController implements RunningController, Reconciler {
  readonly name = 'node_lifecycle_controller';
  readonly #context: ControllerContext;
  readonly #monitor: HealthMonitor;
  readonly #controller: Controller;
  readonly #limiter = new ZoneLimiter();
  readonly #metrics: NodeMetrics;
  readonly #sources;
  readonly #stopping = new AbortController();
  readonly #events: EventRecorder;
  /** Nodes that were there at the last look, by name. */
  #known = new Map<string, corev1.Node>();
  #zones: ZonePlan = { rates: new Map(), allDisrupted: false };
  /** Nodes that were not ready when the zones were last judged: others must not be emptied by that judgement. */
  #judged = new Set<string>();
  #undo: (() => void)[] = [];
  #monitoring: Promise<void> | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    const { api, clock, log, config, sources, queueMetrics, onOutcome } = context;
    this.#sources = { nodes: sources.informer(core.nodes), pods: sources.informer(core.pods, { indexes: byNode }), leases: sources.informer(coordination.leases, { alwaysWatch: true }) };
    this.#metrics = new NodeMetrics(context.registry);
    this.#events = recorderFor('node-controller', context);
    const grace = { startupMs: config.nodeStartupGracePeriod, runningMs: config.nodeMonitorGracePeriod };
    this.#monitor = new HealthMonitor({ api, clock, log, events: this.#events, grace, ...this.#sources });
    this.#controller = new Controller({ workers: 8 }, { reconciler: this, clock, log, queueMetrics, onOutcome });
  }

  async start(): Promise<void> {
    const { signal } = this.#stopping;
    const { nodes, pods, leases } = this.#sources;
    await Promise.all([nodes, pods, leases].map((source) => source.waitForSync(signal)));
    const wake = (node: corev1.Node): void => this.#controller.enqueueObject(node);
    const heard = (): void => this.#monitor.noteNews();
    this.#undo = [nodes.addHandler({ onAdd: wake, onUpdate: (_, node) => wake(node) }), leases.addHandler({ onAdd: heard, onUpdate: heard })];
    await this.#controller.start();
    this.#monitoring = repeat(this.name, this.#context.config.nodeMonitorPeriod, () => this.#look(signal), this.#context, signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`${this.name} stopped`));
    for (const forget of this.#undo) forget();
    await this.#controller.stop();
    await this.#monitoring;
  }

  /** Brings one node's taints and labels up to date. */
  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    const node = this.#sources.nodes.get(key);
    if (node === undefined) return done;
    await this.#repeatLabels(node, signal);
    const spare = this.#zones.allDisrupted;
    let plan = planTaints(node, { mayEvict: false, spare, nowMs: clock.now() });
    let waitMs: number | undefined;
    if (plan.pending !== undefined && this.#judged.has(key.name)) {
      // Without leave for now, or not judged yet: the next look at all nodes wakes it again.
      waitMs = this.#limiter.take(zoneOf(node), clock.monotonic());
      if (waitMs === 0) plan = planTaints(node, { mayEvict: true, spare, nowMs: clock.now() });
    }
    if (plan.taints !== undefined) {
      const current = this.#sources.nodes.get(key) ?? node;
      const { resourceVersion } = current.metadata;
      await api.patch(core.nodes, key, 'merge', { metadata: { ...(resourceVersion === undefined ? {} : { resourceVersion }) }, spec: { taints: plan.taints } }, { signal });
      if (isEmptied(plan.taints) && !isEmptied(current.spec?.taints ?? [])) this.#metrics.evicted(zoneOf(node));
    }
    return after(waitMs === 0 ? undefined : waitMs);
  }

  async #look(signal: AbortSignal): Promise<void> {
    this.#tellOfChanges(this.#sources.nodes.list());
    const { clock } = this.#context;
    const started = clock.monotonic();
    await this.#monitor.look(signal);
    this.#metrics.looked(this.#sources.nodes.list(), clock.monotonic() - started);
    const { nodeEvictionRate, secondaryNodeEvictionRate, largeClusterSizeThreshold, unhealthyZoneThreshold } = this.#context.config;
    const nodes = this.#sources.nodes.list();
    const zones = planZones(nodes, { normal: nodeEvictionRate, secondary: secondaryNodeEvictionRate, largeClusterSize: largeClusterSizeThreshold, unhealthyShare: unhealthyZoneThreshold });
    if (zones.allDisrupted && !this.#zones.allDisrupted) this.#context.log.info({ nodes: nodes.length }, 'no node is ready: evictions stop');
    // A part of the cluster is back: the others may only need a moment more.
    if (!zones.allDisrupted && this.#zones.allDisrupted) this.#monitor.forgive();
    this.#zones = zones;
    this.#judged = new Set(nodes.filter((node) => readiness(node) !== 'True').map(({ metadata }) => metadata.name ?? ''));
    this.#limiter.rates = zones.rates;
    for (const node of nodes) this.#controller.enqueueObject(node);
  }

  #tellOfChanges(nodes: readonly corev1.Node[]): void {
    const before = this.#known;
    this.#known = new Map(nodes.map((node) => [node.metadata.name ?? '', node]));
    const tell = (node: corev1.Node, reason: string, what: string): void =>
      this.#events.event({ ...node, apiVersion: 'v1', kind: 'Node' }, 'Normal', reason, `Node ${node.metadata.name ?? ''} event: ${what}`);
    for (const [name, node] of this.#known) if (!before.has(name)) tell(node, 'RegisteredNode', `Registered Node ${name} in Controller`);
    for (const [name, node] of before) if (!this.#known.has(name)) tell(node, 'RemovingNode', `Removing Node ${name} from Controller`);
  }

  async #repeatLabels(node: corev1.Node, signal: AbortSignal): Promise<void> {
    const { labels = {}, name = '' } = node.metadata;
    const missing = LABELS_OF_OLD.filter(([from, to]) => labels[from] !== undefined && labels[to] !== labels[from]).map(([from, to]) => [to, labels[from]]);
    if (missing.length > 0) await this.#context.api.patch(core.nodes, { namespace: '', name }, 'merge', { metadata: { labels: Object.fromEntries(missing) as object } }, { signal });
  }
}

/** Whether pods are driven out of a node with these taints because it is not well. */
const isEmptied = (taints: readonly corev1.Taint[]): boolean => taints.some(({ key, effect }) => effect === 'NoExecute' && (key === NOT_READY || key === UNREACHABLE));

export const nodeLifecycleController = (context: ControllerContext): RunningController => new NodeLifecycleController(context);
