import type { corev1 } from '@navarch/api';
import type { Informer } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { cniConfig, writeCniConfig } from './cni-config';
import { podRangesOf } from './pod-ranges';
import { balancerRoutes, isNodeReady, nodeNet, planRoutes, wantedRoutes, type Route, type RouteAction } from './routes';
import type { Overlay } from './overlay/overlay';

/** The routes of this network namespace that are ours. */
export interface KernelRoutes {
  read(scope: (destination: string) => boolean): Promise<Route[]>;
  /** Rejects when the kernel refuses. */
  carryOut(action: RouteAction): Promise<void>;
}

export interface NetworkAgentOptions {
  /** The node this runs on; undefined on a host that only needs routes to pods. */
  readonly node?: {
    readonly name: string;
    /** Undefined: another plug-in configures the pod network of this node. */
    readonly cni?: { readonly confDir: string; readonly dataDir: string };
  };
  /** Pod addresses of the whole cluster: routes outside it are not ours. */
  readonly clusterCidr: string;
  readonly mtu: number;
  /** Addresses of load balancers, a range of each family: a host that is no node needs routes to them, and a node answers for them. */
  readonly loadBalancerCidrs?: readonly string[];
}

export interface NetworkAgentDeps {
  readonly nodes: Informer<corev1.Node>;
  readonly routes: KernelRoutes;
  /** The tunnel between nodes; undefined where they are neighbours and plain routes do. */
  readonly overlay?: Overlay;
  /** Resolves when policies hold for whoever has an address of these ranges; before, no pod may have one. */
  readonly guarded?: (podRanges: readonly string[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

const firstRetryMs = 200;
const longestRetryMs = 10_000;
/** Somebody else may have taken a route away. */
const recheckMs = 30_000;

/** Keeps a node's pod network: its CNI configuration, and routes to the pods of the other nodes (host-gateway). */
export class NetworkAgent implements Component {
  readonly name = 'network-agent';
  readonly #stop = new AbortController();
  #end: (() => void) | undefined;
  #loop: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #dirty = true;
  #problem: string | undefined = 'the network is not set up yet';

  constructor(private readonly options: NetworkAgentOptions, private readonly deps: NetworkAgentDeps) {}

  /** What is not in place; undefined when all is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async start(): Promise<void> {
    const mark = (): void => {
      this.#dirty = true;
      this.#wake?.();
    };
    this.#end = this.deps.nodes.addHandler({ onAdd: mark, onUpdate: (before, node) => (networkOf(before) === networkOf(node) ? undefined : mark()), onDelete: mark });
    await this.deps.nodes.waitForSync(this.#stop.signal);
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('network agent is stopping'));
    this.#end?.();
    this.#wake?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    let retryMs = firstRetryMs;
    while (!this.#stop.signal.aborted) {
      this.#dirty = false;
      let wait = recheckMs;
      try {
        const { problem, refused } = await this.#reconcile();
        this.#problem = problem;
        if (refused) {
          wait = retryMs;
          retryMs = Math.min(retryMs * 2, longestRetryMs);
        } else retryMs = firstRetryMs;
      } catch (error) {
        this.#problem = error instanceof Error ? error.message : String(error);
        this.deps.log.error({ err: error }, 'pod network could not be set up; it is tried again');
        wait = retryMs;
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
      await this.#pause(wait);
    }
  }

  /** What is still missing of this node's own network (undefined when it is in place), and whether a route was refused. */
  async #reconcile(): Promise<{ problem: string | undefined; refused: boolean }> {
    const { node: self, mtu, loadBalancerCidrs = [] } = this.options;
    const { overlay } = this.deps;
    const nodes = this.deps.nodes.list();
    const tunnelled = await overlay?.ensure(nodes.map(nodeNet));
    const existing = await this.deps.routes.read((destination) => loadBalancerCidrs.includes(destination) || this.#isPodRange(destination));
    const refused = await this.#carryOut(planRoutes(existing, [...(tunnelled ?? wantedRoutes(nodes, self?.name ?? '')), ...balancerRoutes(nodes, loadBalancerCidrs, self?.name ?? '')]));
    if (self === undefined) return { problem: undefined, refused };
    const own = nodes.find((node) => node.metadata.name === self.name);
    const podRanges = podRangesOf(own);
    if (podRanges.length === 0) return { problem: `node "${self.name}" has no pod range yet`, refused };
    if (self.cni === undefined) return { problem: undefined, refused };
    await this.deps.guarded?.(podRanges);
    if (await writeCniConfig(self.cni.confDir, cniConfig({ podRanges, dataDir: self.cni.dataDir, mtu: mtu > 0 || overlay === undefined ? mtu : overlay.mtu }))) {
      this.deps.log.info({ podRanges }, 'CNI configuration written');
    }
    return { problem: undefined, refused };
  }

  /** IPv6 ranges are a cluster's own as a whole: hosts with several clusters give each its IPv4 range only. */
  #isPodRange(destination: string): boolean {
    return destination.includes(':') || this.options.clusterCidr.split(',').some((range) => !range.includes(':') && covers(range, destination));
  }

  /** One node that cannot be reached from here must not cut the routes to all others, nor keep this node from having a network. */
  async #carryOut(actions: readonly RouteAction[]): Promise<boolean> {
    const { routes, log } = this.deps;
    let refused = false;
    for (const action of actions) {
      try {
        await routes.carryOut(action);
        log.info({ action: action.kind, ...action.route }, 'route changed');
      } catch (error) {
        refused = true;
        log.warn({ action: action.kind, ...action.route, err: error }, 'route refused; it is tried again');
      }
    }
    return refused;
  }

  #pause(ms: number): Promise<void> {
    if (this.#dirty || this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.deps.clock.setTimeout(() => this.#wake?.(), ms);
      this.#wake = () => {
        this.#wake = undefined;
        timer.cancel();
        resolve();
      };
    });
  }
}

/** What of a node matters here: nodes change every few seconds by their status. */
function networkOf(node: corev1.Node): string {
  return JSON.stringify([node.spec?.podCIDRs, node.spec?.podCIDR, node.status?.addresses, isNodeReady(node)]);
}

/** Whether an IPv4 range lies within another. */
export function covers(range: string, inner: string): boolean {
  const parse = (text: string): { base: number; bits: number } => {
    const [address = '', bits = '32'] = text.split('/');
    return { base: address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0), bits: Number(bits) };
  };
  const outer = parse(range);
  const candidate = parse(inner);
  const size = 2 ** (32 - outer.bits);
  return candidate.bits >= outer.bits && Math.floor(candidate.base / size) === Math.floor(outer.base / size);
}
