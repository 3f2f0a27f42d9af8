import { parseDuration } from '@navarch/component-base';
import { schedulerv1 } from '@navarch/proto';
import { connect, type RpcChannel, type ServiceClient } from '@navarch/rpc';
import type { ClusterState, Diagnosis, NodeInfo, NodeRefusal, PermitAnswer, PodInfo, SchedulerPlugin } from '@navarch/scheduling';
import type { RemotePluginArgs } from '../config/plugin-args';
import { told, type CallListener } from './external-calls';
import type { ExternalFilterResult, ExternalPlugin, ExternalPostFilter, ExternalPreFilter, PodsHelped } from './external-plugin';
import { RemoteHints } from './remote-hints';
import { hintsOf, nodeState, normalized, podBytes, podOn, pointNames } from './remote-messages';

const defaultTimeoutMs = 1_000;
const { PRE_FILTER, FILTER, POST_FILTER, SCORE, RESERVE, PERMIT, PRE_BIND, POST_BIND } = schedulerv1.ExtensionPoint;

/** What a plug-in says of itself. */
interface Described {
  readonly points: ReadonlySet<schedulerv1.ExtensionPoint>;
  readonly normalization: schedulerv1.ScoreNormalization;
  readonly hints: SchedulerPlugin['hints'] | undefined;
  readonly events: readonly string[];
}

type Client = ServiceClient<typeof schedulerv1.PluginServiceService>;

/** A plug-in in another process, over `navarch.scheduler.v1`. It says itself at which points it takes part, and is asked at no others. */
export class RemotePlugin implements ExternalPlugin {
  readonly ignorable: boolean;
  readonly #channel: RpcChannel;
  readonly #client: Client;
  readonly #timeoutMs: number;
  readonly #preBindTimeoutMs: number;
  #asked: Promise<Described> | undefined;
  #described: Described | undefined;
  #weight: number;
  #helped: PodsHelped = () => undefined;
  #eventsKnown: (names: readonly string[]) => void = () => undefined;
  readonly #stop = new AbortController();
  readonly #hints = new RemoteHints({
    call: (request) => told(this.tell, this.name, 'QueueingHint', () => this.#client.queueingHint(request, { signal: this.#stop.signal, timeoutMs: this.#timeoutMs })),
    helped: (uids, event) => this.#helped(uids, event),
  });

  constructor(readonly name: string, args: RemotePluginArgs, weight: number, private readonly tell: CallListener = () => undefined) {
    const { address, timeout, preBindTimeout, failurePolicy = 'Fail', tls } = args;
    this.ignorable = failurePolicy === 'Ignore';
    this.#weight = weight;
    this.#timeoutMs = (timeout === undefined ? undefined : parseDuration(timeout)) ?? defaultTimeoutMs;
    this.#preBindTimeoutMs = (preBindTimeout === undefined ? undefined : parseDuration(preBindTimeout)) ?? this.#timeoutMs;
    this.#channel = connect({ address, ...(tls === undefined ? {} : { tls, ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }) }) });
    this.#client = this.#channel.client(schedulerv1.PluginServiceService);
  }

  get weight(): number {
    return this.#weight;
  }

  get hints(): SchedulerPlugin['hints'] | undefined {
    return this.#described?.hints;
  }

  get worksBeforeBinding(): boolean {
    return this.#described?.points.has(PRE_BIND) === true;
  }

  onHelped(tell: PodsHelped): void {
    this.#helped = tell;
  }

  onEventsKnown(tell: (names: readonly string[]) => void): void {
    this.#eventsKnown = tell;
    if (this.#described !== undefined) tell(this.#described.events);
  }

  concerns(): boolean {
    return true;
  }

  stop(): void {
    this.#stop.abort(new Error(`${this.name} is stopped`));
    this.#channel.close();
  }

  async preFilter(pod: PodInfo, signal: AbortSignal): Promise<ExternalPreFilter> {
    const answer = await this.#ask(PRE_FILTER, signal, (client, options) => client.preFilter({ pod: podBytes(pod) }, options));
    if (answer === undefined) return { skip: false };
    const { skip, refusal, unresolvable, nodes } = answer;
    if (refusal !== '') return { refused: refusal, unresolvable };
    return { skip, ...(nodes === undefined ? {} : { nodes: new Set(nodes.names) }) };
  }

  async filter(pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<ExternalFilterResult> {
    const answer = await this.#ask(FILTER, signal, (client, options) => client.filter({ pod: podBytes(pod), nodes: nodes.map((node) => nodeState(node, true)) }, options));
    if (answer === undefined) return { feasible: nodes, refusals: [] };
    const byNode = new Map(answer.verdicts.map((verdict) => [verdict.node, verdict]));
    const feasible: NodeInfo[] = [];
    const refusals: NodeRefusal[] = [];
    for (const node of nodes) {
      const verdict = byNode.get(node.name);
      if (verdict?.feasible === true) feasible.push(node);
      else {
        refusals.push({
          node: node.name,
          plugin: this.name,
          reasons: [verdict === undefined ? `plug-in ${this.name} gave no verdict` : verdict.reason || `refused by ${this.name}`],
          unresolvable: verdict?.unresolvable ?? false,
        });
      }
    }
    return { feasible, refusals };
  }

  async postFilter(pod: PodInfo, { refusals }: Diagnosis, state: ClusterState, signal: AbortSignal): Promise<ExternalPostFilter> {
    const told = refusals.map(({ node, plugin, reasons, unresolvable }) => ({ node, plugin, reasons: [...reasons], unresolvable }));
    const answer = await this.#ask(POST_FILTER, signal, (client, options) => client.postFilter({ pod: podBytes(pod), refusals: told }, options));
    if (answer === undefined) return { message: '' };
    const { nominatedNode: node, victimUids, message } = answer;
    return node === '' ? { message } : { nominated: { node, victims: victimUids.map((uid) => podOn(node, uid, state)), violations: 0 }, message };
  }

  async score(pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<readonly number[]> {
    const answer = await this.#ask(SCORE, signal, (client, options) => client.score({ pod: podBytes(pod), nodes: nodes.map((node) => nodeState(node, false)) }, options));
    const byNode = new Map((answer?.scores ?? []).map(({ node, score }) => [node, score]));
    return answer === undefined ? nodes.map(() => 0) : normalized(nodes.map(({ name }) => byNode.get(name) ?? 0), this.#described?.normalization);
  }

  async reserve(pod: PodInfo, node: string, signal: AbortSignal): Promise<string | undefined> {
    const answer = await this.#ask(RESERVE, signal, (client, options) => client.reserve({ pod: podBytes(pod), node }, options));
    return answer?.refusal || undefined;
  }

  async unreserve(pod: PodInfo, node: string, signal: AbortSignal): Promise<void> {
    await this.#ask(RESERVE, signal, (client, options) => client.unreserve({ pod: podBytes(pod), node }, options), 'Unreserve');
  }

  async permit(pod: PodInfo, node: string, signal: AbortSignal): Promise<PermitAnswer> {
    const answer = await this.#ask(PERMIT, signal, (client, options) => client.permit({ pod: podBytes(pod), node }, options));
    if (answer === undefined) return { kind: 'allow' };
    switch (answer.decision) {
      case schedulerv1.PermitDecision.ALLOW:
        return { kind: 'allow', allow: answer.allowedUids };
      case schedulerv1.PermitDecision.WAIT:
        return { kind: 'wait', timeoutMs: answer.timeoutMs };
      case schedulerv1.PermitDecision.REFUSE:
        return { kind: 'refuse', reason: answer.reason || `refused by ${this.name}` };
      case schedulerv1.PermitDecision.UNSPECIFIED:
        break;
    }
    throw new Error(`Permit: ${answer.decision} is no decision`);
  }

  async preBind(pod: PodInfo, node: string, signal: AbortSignal): Promise<string | undefined> {
    const answer = await this.#ask(PRE_BIND, signal, (client, options) => client.preBind({ pod: podBytes(pod), node }, { ...options, timeoutMs: this.#preBindTimeoutMs }));
    return answer?.refusal || undefined;
  }

  async postBind(pod: PodInfo, node: string, signal: AbortSignal): Promise<void> {
    await this.#ask(POST_BIND, signal, (client, options) => client.postBind({ pod: podBytes(pod), node }, options));
  }

  /** Undefined if the plug-in takes no part at the point. */
  async #ask<T>(point: schedulerv1.ExtensionPoint, signal: AbortSignal, call: (client: Client, options: { signal: AbortSignal; timeoutMs: number }) => Promise<T>, name = pointNames[point]): Promise<T | undefined> {
    const { points } = await this.#describe(signal);
    return points.has(point) ? told(this.tell, this.name, name, () => call(this.#client, { signal, timeoutMs: this.#timeoutMs })) : undefined;
  }

  /** Asked once; again after a failure. */
  #describe(signal: AbortSignal): Promise<Described> {
    this.#asked ??= this.#askItself(signal).catch((error: unknown) => {
      this.#asked = undefined;
      throw error;
    });
    return this.#asked;
  }

  async #askItself(signal: AbortSignal): Promise<Described> {
    const { extensionPoints, weight, queueingEvents, queueingHints, scoreNormalization } = await told(this.tell, this.name, 'Describe', () =>
      this.#client.describe({}, { signal, timeoutMs: this.#timeoutMs }),
    );
    if (weight > 0 && this.#weight === 1) this.#weight = weight;
    this.#described = { points: new Set(extensionPoints), normalization: scoreNormalization, hints: hintsOf(queueingEvents, queueingHints ? this.#hints.hint : undefined), events: queueingEvents };
    this.#eventsKnown(queueingEvents);
    return this.#described;
  }
}
