import type { proxyv1 } from '@navarch/proto';
import type { DataPlaneOptions } from '../data-plane';
import { familyWords, type FamilyWords } from '../family-words';
import { frontends, type Frontend } from '../frontends';
import { closedMap, endpointsMap, entryChain, frontendKey, hex, lentMap, markBase, servicesMap, shapeOf, tableDeclaration, tableName } from './ruleset';
import { assignSlots, keepSlots, ownSlot } from './slots';

/** What the kernel holds, as far as we put it there. Elements are named `<map>\t<key>`. */
interface Installed {
  readonly ports: Map<string, proxyv1.ServicePort>;
  /** Frontends by kind and key, their endpoints in the order of slots. */
  readonly frontends: Map<string, Frontend>;
  readonly values: Map<string, string>;
  /** How many ports want an element: a cluster IP is shared by all ports of its Service. */
  readonly wanted: Map<string, number>;
  readonly chains: Set<string>;
}

const nothing = (): Installed => ({ ports: new Map(), frontends: new Map(), values: new Map(), wanted: new Map(), chains: new Set() });

/**
 * Takes the kernel from what is installed to what is wanted: a script, and what to remember once it is in force. Costs what changes,
 * not what exists.
 */
export class NftablesPlan {
  #installed = nothing();

  readonly #words: FamilyWords;

  constructor(private readonly options: Omit<DataPlaneOptions, 'run'>) {
    this.#words = familyWords[options.family];
  }

  plan(request: proxyv1.SyncRequest): { script: string; commit: () => void } {
    const change = new Change(this.#words, request.reset ? nothing() : this.#installed);
    for (const id of request.remove) change.remove(id);
    for (const port of request.upsert) change.put(port);
    const lines = [...(request.reset ? tableDeclaration(this.#words, { ...this.options, serviceRanges: this.options.serviceRanges?.() ?? [] }) : []), ...change.script()];
    return {
      script: lines.join('\n'),
      commit: () => {
        this.#installed = change.commit();
      },
    };
  }
}

/** One change being worked out; what is installed is not touched before `commit`. */
class Change {
  readonly #ports = new Map<string, proxyv1.ServicePort | undefined>();
  readonly #frontends = new Map<string, Frontend>();
  readonly #values = new Map<string, string>();
  readonly #wantedBy = new Map<string, number>();
  readonly #chains = new Set<string>();
  readonly #declarations: string[] = [];

  constructor(private readonly words: FamilyWords, private readonly installed: Installed) {}

  remove(id: string): void {
    const known = this.#ports.has(id) ? this.#ports.get(id) : this.installed.ports.get(id);
    if (known === undefined) return;
    this.#ports.set(id, undefined);
    for (const element of this.#elements(known).keys()) this.#want(element, -1);
  }

  put(port: proxyv1.ServicePort): void {
    this.remove(port.id);
    this.#ports.set(port.id, port);
    for (const frontend of frontends(port)) {
      const name = frontendName(frontend);
      const slotted = withSlots(frontend, this.#frontend(name));
      this.#frontends.set(name, slotted);
      this.#declare(slotted);
    }
    for (const [element, value] of this.#elements(port)) {
      this.#values.set(element, value);
      this.#want(element, 1);
    }
  }

  #frontend(name: string): Frontend | undefined {
    return this.#frontends.get(name) ?? this.installed.frontends.get(name);
  }

  #want(element: string, by: 1 | -1): void {
    this.#wantedBy.set(element, (this.#wantedBy.get(element) ?? 0) + by);
  }

  /** All elements of a port, its endpoints in the slots they have. */
  #elements(port: proxyv1.ServicePort): Map<string, string> {
    const found = new Map<string, string>();
    for (const frontend of frontends(port)) for (const [name, value] of frontendElements(this.words, this.#frontend(frontendName(frontend)) ?? frontend)) found.set(name, value);
    if (port.addresses[0] !== undefined) found.set(`cluster-ips\t${port.addresses[0]}`, '');
    // A pod that reaches itself through its Service must not see its own address as the peer's.
    for (const { address } of port.localEndpoints) found.set(`hairpin\t${address} . ${address}`, '');
    return found;
  }

  #declare(frontend: Frontend): void {
    if (!isOpen(frontend)) return;
    for (const { name, lines } of entryChain(this.words, shapeOf(frontend)).declarations) {
      if (this.installed.chains.has(name) || this.#chains.has(name)) continue;
      this.#chains.add(name);
      this.#declarations.push(...lines);
    }
  }

  #wanted(element: string): number {
    return (this.installed.wanted.get(element) ?? 0) + (this.#wantedBy.get(element) ?? 0);
  }

  script(): string[] {
    const gone: [string, string][] = [];
    const fresh: [string, string][] = [];
    for (const element of this.#wantedBy.keys()) {
      const before = this.installed.values.get(element);
      const after = this.#wanted(element) > 0 ? (this.#values.get(element) ?? before) : undefined;
      if (before === after) continue;
      // An element's value cannot be changed in place: it goes and comes in one transaction.
      if (before !== undefined) gone.push([element, '']);
      if (after !== undefined) fresh.push([element, after]);
    }
    return [...this.#declarations, ...grouped(this.words, 'delete', gone), ...grouped(this.words, 'add', fresh)];
  }

  commit(): Installed {
    const { installed } = this;
    for (const [id, port] of this.#ports) {
      const before = installed.ports.get(id);
      const kept = new Set(port === undefined ? [] : frontends(port).map(frontendName));
      if (before !== undefined) for (const frontend of frontends(before)) if (!kept.has(frontendName(frontend))) installed.frontends.delete(frontendName(frontend));
      if (port === undefined) installed.ports.delete(id);
      else installed.ports.set(id, port);
    }
    for (const [name, frontend] of this.#frontends) installed.frontends.set(name, frontend);
    for (const element of this.#wantedBy.keys()) {
      const wanted = this.#wanted(element);
      if (wanted > 0) {
        installed.wanted.set(element, wanted);
        const value = this.#values.get(element);
        if (value !== undefined) installed.values.set(element, value);
      } else {
        installed.wanted.delete(element);
        installed.values.delete(element);
      }
    }
    for (const chain of this.#chains) installed.chains.add(chain);
    return installed;
  }
}

const frontendName = (frontend: Frontend): string => `${frontend.kind} ${frontendKey(frontend)}`;
const isOpen = ({ closed, audiences }: Frontend): boolean => closed === undefined && audiences.some(({ endpoints }) => endpoints.length > 0);

function withSlots(frontend: Frontend, before: Frontend | undefined): Frontend {
  const slotsOf = (route: string): Frontend['audiences'][number]['endpoints'] => before?.audiences.find((audience) => audience.route === route)?.endpoints ?? [];
  const slot = frontend.affinitySeconds > 0 ? keepSlots : assignSlots;
  return { ...frontend, audiences: frontend.audiences.map(({ route, endpoints }) => ({ route, endpoints: slot(slotsOf(route), endpoints) })) };
}

function frontendElements(words: FamilyWords, frontend: Frontend): Map<string, string> {
  const { kind, audiences, closed, sources } = frontend;
  const key = frontendKey(frontend);
  const found = new Map<string, string>();
  if (sources.length > 0) found.set(`restricted\t${key}`, '');
  for (const range of sources) found.set(`allowed-sources\t${key} . ${range}`, '');
  if (!isOpen(frontend)) return found.set(`${closedMap(kind)}\t${key}`, closed === 'drop' ? ' : drop' : ' : goto refuse');
  found.set(`${servicesMap(kind)}\t${key}`, ` : goto ${entryChain(words, shapeOf(frontend)).chain}`);
  for (const { route, endpoints } of audiences) {
    const mark = (slot: number): string => hex(markBase(route) + slot);
    endpoints.forEach((endpoint, slot) => {
      const own = ownSlot(endpoints, slot);
      if (own === undefined) found.set(`${endpointsMap(kind)}\t${key} . ${mark(slot)}`, ` : ${endpoint.address} . ${endpoint.port}`);
      else found.set(`${lentMap(kind)}\t${key} . ${mark(slot)}`, ` : ${mark(own)}`);
    });
  }
  return found;
}

/** One command a map, however many elements. */
function grouped({ nft }: FamilyWords, verb: 'add' | 'delete', entries: readonly (readonly [string, string])[]): string[] {
  const byMap = new Map<string, string[]>();
  for (const [name, value] of entries) {
    const tab = name.indexOf('\t');
    const elements = byMap.get(name.slice(0, tab)) ?? [];
    byMap.set(name.slice(0, tab), elements);
    elements.push(name.slice(tab + 1) + value);
  }
  return [...byMap].map(([map, elements]) => `${verb} element ${nft} ${tableName} ${map} { ${elements.join(', ')} }`);
}
