import { parseDuration } from '@navarch/component-base';
import { schedulerv1 } from '@navarch/proto';
import { connect, type RpcChannel, type ServiceClient } from '@navarch/rpc';
import { maxNodeScore, type NodeInfo, type NodeRefusal, type PodInfo } from '@navarch/scheduling';
import type { RemotePluginArgs } from '../config/plugin-args';
import type { ExternalFilterResult, ExternalPlugin } from './external-plugin';

const defaultTimeoutMs = 1_000;

/** Which of its methods a plug-in wants to be called. */
type Announced = ReadonlySet<schedulerv1.ExtensionPoint>;

/** A plug-in in another process, over `navarch.scheduler.v1`. It says itself at which points it takes part. */
export class RemotePlugin implements ExternalPlugin {
  readonly ignorable: boolean;
  readonly #channel: RpcChannel;
  readonly #client: ServiceClient<typeof schedulerv1.PluginServiceService>;
  readonly #timeoutMs: number;
  #announced: Promise<Announced> | undefined;
  #weight: number;

  constructor(readonly name: string, args: RemotePluginArgs, weight: number) {
    const { address, timeout, failurePolicy = 'Fail', tls } = args;
    this.ignorable = failurePolicy === 'Ignore';
    this.#weight = weight;
    this.#timeoutMs = (timeout === undefined ? undefined : parseDuration(timeout)) ?? defaultTimeoutMs;
    this.#channel = connect({ address, ...(tls === undefined ? {} : { tls, ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }) }) });
    this.#client = this.#channel.client(schedulerv1.PluginServiceService);
  }

  get weight(): number {
    return this.#weight;
  }

  concerns(): boolean {
    return true;
  }

  stop(): void {
    this.#channel.close();
  }

  async filter(pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<ExternalFilterResult> {
    if (!(await this.#has(schedulerv1.ExtensionPoint.FILTER, signal))) return { feasible: nodes, refusals: [] };
    const { verdicts } = await this.#client.filter({ pod: podBytes(pod), nodes: nodes.map((node) => nodeState(node, true)) }, this.#call(signal));
    const byNode = new Map(verdicts.map((verdict) => [verdict.node, verdict]));
    const feasible: NodeInfo[] = [];
    const refusals: NodeRefusal[] = [];
    for (const node of nodes) {
      const verdict = byNode.get(node.name);
      if (verdict?.feasible === true) feasible.push(node);
      else refusals.push({ node: node.name, plugin: this.name, reasons: [verdict === undefined ? `plug-in ${this.name} gave no verdict` : verdict.reason || `refused by ${this.name}`], unresolvable: verdict?.unresolvable ?? false });
    }
    return { feasible, refusals };
  }

  async score(pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<readonly number[]> {
    if (!(await this.#has(schedulerv1.ExtensionPoint.SCORE, signal))) return nodes.map(() => 0);
    const { scores } = await this.#client.score({ pod: podBytes(pod), nodes: nodes.map((node) => nodeState(node, false)) }, this.#call(signal));
    const byNode = new Map(scores.map(({ node, score }) => [node, score]));
    return nodes.map(({ name }) => Math.min(byNode.get(name) ?? 0, maxNodeScore));
  }

  async reserve(pod: PodInfo, node: string, signal: AbortSignal): Promise<string | undefined> {
    if (!(await this.#has(schedulerv1.ExtensionPoint.RESERVE, signal))) return undefined;
    const { refusal } = await this.#client.reserve({ pod: podBytes(pod), node }, this.#call(signal));
    return refusal === '' ? undefined : refusal;
  }

  async unreserve(pod: PodInfo, node: string, signal: AbortSignal): Promise<void> {
    if (await this.#has(schedulerv1.ExtensionPoint.RESERVE, signal)) await this.#client.unreserve({ pod: podBytes(pod), node }, this.#call(signal));
  }

  /** Asked once; again after a failure. */
  async #has(point: schedulerv1.ExtensionPoint, signal: AbortSignal): Promise<boolean> {
    this.#announced ??= this.#describe(signal).catch((error: unknown) => {
      this.#announced = undefined;
      throw error;
    });
    return (await this.#announced).has(point);
  }

  async #describe(signal: AbortSignal): Promise<Announced> {
    const { extensionPoints, weight } = await this.#client.describe({}, this.#call(signal));
    if (weight > 0 && this.#weight === 1) this.#weight = weight;
    return new Set(extensionPoints);
  }

  #call(signal: AbortSignal): { signal: AbortSignal; timeoutMs: number } {
    return { signal, timeoutMs: this.#timeoutMs };
  }
}

const podBytes = ({ pod }: PodInfo): Buffer => Buffer.from(JSON.stringify(pod));

function nodeState(info: NodeInfo, whole: boolean): schedulerv1.NodeState {
  const { milliCpu, memory, ephemeralStorage, scalar } = info.requested;
  const requested: [string, number][] = [['cpu', milliCpu], ['memory', memory], ['ephemeral-storage', ephemeralStorage], ...scalar];
  return {
    name: info.name,
    node: whole ? Buffer.from(JSON.stringify(info.node)) : Buffer.alloc(0),
    requested: Object.fromEntries(requested.map(([name, amount]) => [name, BigInt(Math.round(amount))])),
  };
}
