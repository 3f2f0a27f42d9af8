import type { IpFamily } from '@navarch/apimachinery';
import type { Timer } from '@navarch/clock';
import { hostPort } from '@navarch/component-base';
import type { proxyv1 } from '@navarch/proto';
import type { Backend, DataPlane, DataPlaneOptions } from '../data-plane';
import { frontends, type Frontend } from '../frontends';
import { inTurn } from '../in-turn';
import { changeLocal, cleanUpLocal, isLocalThere, localNames, localState, nodeAddresses, resetLocal, servingAddresses, type LocalNames, type LocalState } from '../local-addresses/local-addresses';
import { Balancer } from './balancer';
import { listenTcp, type Listener } from './tcp-listener';
import { listenUdp } from './udp-listener';

const namesOf = (family: IpFamily): LocalNames => localNames('user', family);

/** How often a port is tried again that somebody else of this node has. */
const listenAgainMs = 10_000;

interface Serving {
  readonly balancer: Balancer;
  readonly listener: Listener;
}

/**
 * Carries every byte itself: no rules for single services, and no kernel modules. Service addresses are the node's own while it
 * runs, so that plain sockets take the connections. Endpoints see the node's address, and SCTP is not carried: there are no
 * sockets for it here.
 */
class UserspaceDataPlane implements DataPlane {
  readonly name = 'userspace';
  #ports = new Map<string, proxyv1.ServicePort>();
  readonly #serving = new Map<string, Serving>();
  #state: LocalState = { addresses: new Set(), open: new Set() };
  #own: ReadonlySet<string> = new Set();
  /** Ways in that somebody else of this node has the port of; others go on without them. */
  #taken: ReadonlySet<string> = new Set();
  #timer: Timer | undefined;

  readonly #names: LocalNames;
  readonly #inTurn = inTurn();

  constructor(private readonly options: DataPlaneOptions) {
    this.#names = namesOf(options.family);
  }

  sync(request: proxyv1.SyncRequest): Promise<void> {
    return this.#inTurn(() => this.#sync(request));
  }

  isThere(): Promise<boolean> {
    return this.#inTurn(() => isLocalThere(this.#names, this.#state, this.options.run));
  }

  async #sync(request: proxyv1.SyncRequest): Promise<void> {
    const { run } = this.options;
    const names = this.#names;
    if (request.reset) {
      await this.#closeAll();
      await resetLocal(names, run);
      this.#state = { addresses: new Set(), open: new Set() };
      this.#ports = new Map();
    }
    for (const id of request.remove) this.#ports.delete(id);
    for (const port of request.upsert) this.#ports.set(port.id, port);
    const state = localState(this.#ports.values());
    const nodeOwn = await nodeAddresses(names, run);
    this.#own = new Set([...nodeOwn, ...state.addresses]);
    await changeLocal(names, this.#state, state, run);
    this.#state = state;
    await this.#listen(nodeOwn);
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#closeAll());
  }

  async #closeAll(): Promise<void> {
    this.#timer?.cancel();
    const serving = [...this.#serving.values()];
    this.#serving.clear();
    await Promise.all(serving.map(({ listener }) => listener.close()));
  }

  async #listen(nodeOwn: readonly string[]): Promise<void> {
    const onNode = servingAddresses(nodeOwn, this.options.nodePortAddresses);
    const wanted = new Map<string, { readonly frontend: Frontend; readonly address: string }>();
    for (const port of this.#ports.values()) {
      for (const frontend of frontends(port)) {
        if (frontend.closed !== undefined || frontend.protocol === 'sctp') continue;
        for (const address of frontend.kind === 'address' ? [frontend.address] : onNode) wanted.set(`${frontend.protocol} ${hostPort(address, frontend.port)}`, { frontend, address });
      }
    }
    for (const [key, { listener }] of [...this.#serving]) {
      if (wanted.has(key)) continue;
      this.#serving.delete(key);
      await listener.close();
    }
    const taken = new Set<string>();
    for (const [key, { frontend, address }] of wanted) {
      const known = this.#serving.get(key);
      if (known !== undefined) {
        known.balancer.update(frontend);
        known.listener.prune((endpoint) => known.balancer.has(endpoint));
        continue;
      }
      try {
        this.#serving.set(key, await this.#serve(frontend, address));
      } catch (error) {
        taken.add(key);
        if (!this.#taken.has(key)) this.options.log?.warn({ err: error, address, port: frontend.port, protocol: frontend.protocol }, 'a port of a Service cannot be listened on; it is tried again');
      }
    }
    this.#taken = taken;
    this.#timer?.cancel();
    if (taken.size > 0) this.#timer = this.options.clock?.setTimeout(() => void this.#inTurn(() => this.#listen(nodeOwn)), listenAgainMs);
  }

  async #serve(frontend: Frontend, address: string): Promise<Serving> {
    const balancer = new Balancer(frontend, () => performance.now());
    const { clusterCidrs } = this.options;
    const listen = frontend.protocol === 'udp' ? listenUdp : listenTcp;
    const listener = await listen(address, frontend.port, (client, failed) => balancer.choose(client, { clusterCidrs, own: this.#own }, failed));
    return { balancer, listener };
  }
}

export const userspace: Backend = { create: (options) => new UserspaceDataPlane(options), cleanUp: (run, family) => cleanUpLocal(namesOf(family), run) };
