import type { corev1 } from '@navarch/api';
import { eitherOf } from '@navarch/clock';
import { parseDuration } from '@navarch/component-base';
import { maxNodeScore, type Candidate, type ClusterState, type NodeInfo, type NodeRefusal, type PodInfo } from '@navarch/scheduling';
import type { ExtenderConfiguration } from '../config/scheduler-configuration';
import { told, type CallListener } from './external-calls';
import { ExtenderEndpoint } from './extender-endpoint';
import type { ExternalFilterResult, ExternalPlugin } from './external-plugin';

const defaultTimeoutMs = 5_000;
/** Extenders give up to 10 points. */
const maxExtenderPriority = 10;

/** An HTTP extender, as upstream's scheduler calls it (k8s.io/kube-scheduler/extender/v1). */
export class HttpExtender implements ExternalPlugin {
  readonly name: string;
  readonly ignorable: boolean;
  readonly weight: number;
  readonly filter: ExternalPlugin['filter'];
  readonly score: ExternalPlugin['score'];
  readonly preempt: ExternalPlugin['preempt'];
  readonly bind: ExternalPlugin['bind'];
  readonly #endpoint: ExtenderEndpoint;
  readonly #timeoutMs: number;

  constructor(private readonly configuration: ExtenderConfiguration, private readonly tell: CallListener = () => undefined) {
    const { urlPrefix, filterVerb = '', prioritizeVerb = '', preemptVerb = '', bindVerb = '', weight = 1, ignorable = false, httpTimeout } = configuration;
    this.name = urlPrefix;
    this.ignorable = ignorable;
    this.weight = weight;
    this.#timeoutMs = parseDuration(httpTimeout ?? '0s') || defaultTimeoutMs;
    this.#endpoint = new ExtenderEndpoint(configuration);
    if (filterVerb !== '') this.filter = (pod, nodes, signal) => this.#filter(filterVerb, pod, nodes, signal);
    if (prioritizeVerb !== '') this.score = (pod, nodes, signal) => this.#prioritize(prioritizeVerb, pod, nodes, signal);
    if (preemptVerb !== '') this.preempt = (pod, candidates, state, signal) => this.#preempt(preemptVerb, pod, candidates, state, signal);
    if (bindVerb !== '') this.bind = (pod, node, signal) => this.#bind(bindVerb, pod, node, signal);
  }

  /** With managed resources: only pods that ask for one of them. */
  concerns({ spec }: PodInfo): boolean {
    const { managedResources = [] } = this.configuration;
    if (managedResources.length === 0) return true;
    const managed = new Set(managedResources.map(({ name }) => name));
    return [...spec.containers, ...(spec.initContainers ?? [])].some(({ resources }) => [resources?.requests, resources?.limits].some((list) => Object.keys(list ?? {}).some((name) => managed.has(name))));
  }

  stop(): void {
    this.#endpoint.close();
  }

  async #filter(verb: string, pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<ExternalFilterResult> {
    const answer = lowerCased(await this.#send(verb, this.#nodeArgs(pod, nodes), signal));
    throwIfFailed(answer);
    const passed = this.#passedIn(answer, nodes);
    const failed = answer['failednodes'] as Record<string, string> | undefined;
    const never = answer['failedandunresolvablenodes'] as Record<string, string> | undefined;
    // Only where the extender says why not may preemption help: of a node that it leaves out without a word nothing is known (upstream's AbsentNodesStatus).
    const feasible = nodes.filter(({ name }) => passed.has(name));
    const refusals = nodes.filter(({ name }) => !passed.has(name)).map(({ name: node }): NodeRefusal => {
      const reason = never?.[node] ?? failed?.[node];
      return { node, plugin: this.name, reasons: reason === undefined || reason === '' ? [] : [reason], unresolvable: never?.[node] !== undefined || failed?.[node] === undefined };
    });
    return { feasible, refusals };
  }

  /** Names count only where names were sent, and all must be known; of whole nodes, those that were not asked about are left out (upstream's HTTPExtender.Filter). */
  #passedIn(answer: Record<string, unknown>, nodes: readonly NodeInfo[]): ReadonlySet<string> {
    const names = answer['nodenames'];
    if (this.configuration.nodeCacheCapable === true && Array.isArray(names)) {
      const asked = new Set(nodes.map(({ name }) => name));
      const unknown = names.map(String).find((name) => !asked.has(name));
      if (unknown !== undefined) throw new Error(`extender "${this.name}" claims a filtered node "${unknown}" which is not found in the input node list`);
      return new Set(names.map(String));
    }
    const items = lowerCased(answer['nodes'])['items'];
    return new Set(Array.isArray(items) ? items.map((node) => (node as corev1.Node).metadata.name ?? '') : []);
  }

  async #prioritize(verb: string, pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<readonly number[]> {
    const answer = await this.#send(verb, this.#nodeArgs(pod, nodes), signal);
    if (!Array.isArray(answer)) throw new Error(`${verb}: a list of scores was expected`);
    const scores = new Map(answer.map((entry) => {
      const { host, score } = lowerCased(entry);
      return [host, Number(score)] as const;
    }));
    return nodes.map(({ name }) => {
      const score = scores.get(name) ?? 0;
      // More than that, or less than nothing, counts as it is, as upstream.
      return Number.isFinite(score) ? score * (maxNodeScore / maxExtenderPriority) : 0;
    });
  }

  async #preempt(verb: string, pod: PodInfo, candidates: readonly Candidate[], state: ClusterState, signal: AbortSignal): Promise<readonly Candidate[]> {
    const isCapable = this.configuration.nodeCacheCapable === true;
    const victims = Object.fromEntries(candidates.map(({ node, victims: pods, violations }) => [node, { Pods: pods.map((victim) => (isCapable ? { UID: victim.uid } : victim.pod)), NumPDBViolations: violations }]));
    const answer = lowerCased(await this.#send(verb, { Pod: pod.pod, NodeNameToVictims: isCapable ? null : victims, NodeNameToMetaVictims: isCapable ? victims : null }, signal));
    // However it was asked, an extender names pods by their uids; it may name others on the node than it was offered.
    const accepted = (answer['nodenametometavictims'] ?? {}) as Record<string, unknown>;
    return Object.entries(accepted).map(([node, entry]) => {
      const { pods = [], numpdbviolations = 0 } = lowerCased(entry) as { pods?: readonly unknown[] | null; numpdbviolations?: number };
      return { node, victims: (pods ?? []).map((named) => this.#podOn(node, lowerCased(named)['uid'], state)), violations: numpdbviolations };
    });
  }

  #podOn(name: string, uid: unknown, state: ClusterState): PodInfo {
    const node = state.node(name);
    if (node === undefined) throw new Error(`nodeinfo not found for node name "${name}"`);
    const pod = [...node.pods.values()].find((other) => other.uid === uid);
    if (pod === undefined) throw new Error(`extender: ${this.name} claims to preempt pod (UID: ${String(uid)}) on node: ${name}, but the pod is not found on that node`);
    return pod;
  }

  async #bind(verb: string, pod: PodInfo, node: string, signal: AbortSignal): Promise<void> {
    throwIfFailed(lowerCased(await this.#send(verb, { PodName: pod.name, PodNamespace: pod.namespace, PodUID: pod.uid, Node: node }, signal)));
  }

  #nodeArgs(pod: PodInfo, nodes: readonly NodeInfo[]): object {
    if (this.configuration.nodeCacheCapable === true) return { Pod: pod.pod, Nodes: null, NodeNames: nodes.map(({ name }) => name) };
    return { Pod: pod.pod, Nodes: { metadata: {}, items: nodes.map(({ node }) => node) }, NodeNames: null };
  }

  async #send(verb: string, body: object, signal: AbortSignal): Promise<unknown> {
    const text = await told(this.tell, this.name, verb, () =>
      eitherOf([signal, AbortSignal.timeout(this.#timeoutMs)], (either) => this.#endpoint.post(verb, JSON.stringify(body), either)));
    return JSON.parse(text) as unknown;
  }
}

/** Field names in any case, as Go reads them. */
function lowerCased(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name.toLowerCase(), entry as unknown]));
}

function throwIfFailed(answer: Record<string, unknown>): void {
  const error = answer['error'];
  if (typeof error === 'string' && error !== '') throw new Error(error);
}
