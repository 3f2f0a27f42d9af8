import type { KubeObject } from '@navarch/api';
import { formatTime, invalid } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { type ResourceCache, revisionOf, type WatchCache, type WriteOp } from '@navarch/storage';
import { randomInt, randomUUID } from 'node:crypto';
import type { CompanionWrite, Companions } from '../registry/companions';
import type { Cached, ResourceStore } from '../registry/resource-store';
import { chooseForService, type PortRange } from './choose';
import { ipAddressOf } from './ip-address';
import { type Claims, claimsOf, type ServiceObject } from './service-claims';
import type { ServiceRanges } from './service-ranges';
import { settleFamilies } from './settle-families';

const NODE_PORTS = '/registry/navarch/nodeports/';
const none: Claims = { addresses: new Set(), nodePorts: new Set() };

export interface ServiceCompanionsOptions {
  readonly addresses: ServiceRanges;
  readonly nodePorts: PortRange;
}

export interface ServiceCompanionsDeps {
  /** networking.k8s.io/ipaddresses: the claims on addresses, which users can list. */
  readonly ipAddresses: ResourceStore;
  readonly cache: WatchCache;
  readonly clock: Clock;
}

/**
 * The addresses and node ports of Services. Each is a key of its own, written in the same transaction as its Service and only if it
 * does not exist: no two Services can have one, whatever this or other servers believe (rules 6.1).
 */
export class ServiceCompanions implements Companions {
  /** Chosen by writes under way, which the cache does not show yet. */
  private readonly held = new Set<string>();
  private readonly nodePorts: ResourceCache;

  constructor(
    private readonly options: ServiceCompanionsOptions,
    private readonly deps: ServiceCompanionsDeps,
  ) {
    this.nodePorts = deps.cache.register({
      prefix: NODE_PORTS, apiVersion: 'navarch.io/v1', kind: 'NodePortClaim', describe: () => ({ uid: '', labels: {}, fields: {} }),
    });
  }

  onCreate(object: KubeObject): Promise<CompanionWrite> {
    return Promise.resolve(this.claim(object as ServiceObject, undefined));
  }

  onUpdate(object: KubeObject, old: Cached): Promise<CompanionWrite> {
    return Promise.resolve(this.claim(object as ServiceObject, old.object as ServiceObject));
  }

  onDelete(old: Cached): Promise<CompanionWrite> {
    return Promise.resolve({ ops: this.difference(old.object as ServiceObject, claimsOf(old.object as ServiceObject), none), release: () => undefined, undo: () => undefined });
  }

  private claim(service: ServiceObject, old: ServiceObject | undefined): CompanionWrite {
    const before = structuredClone(service.spec);
    const name = service.metadata.name ?? '';
    const errors = [
      ...settleFamilies(service, old, this.options.addresses.configured.map(({ family }) => family)),
      ...chooseForService(service, old, { ...this.options, addresses: this.options.addresses.usable(), random: randomInt }, {
        address: (address) => this.held.has(address) || this.deps.ipAddresses.objects.get(this.deps.ipAddresses.key('', address)) !== undefined,
        nodePort: (key) => this.held.has(key) || this.nodePorts.get(NODE_PORTS + key) !== undefined,
      }),
    ];
    if (errors.length > 0) throw invalid({ group: '', kind: 'Service' }, name, errors);
    const now = claimsOf(service);
    const had = old ? claimsOf(old) : none;
    const mine = [...now.addresses, ...now.nodePorts].filter((key) => !had.addresses.has(key) && !had.nodePorts.has(key));
    for (const key of mine) this.held.add(key);
    return {
      ops: this.difference(service, had, now),
      release: () => {
        for (const key of mine.splice(0)) this.held.delete(key);
      },
      undo: () => {
        if (before) service.spec = before;
      },
    };
  }

  /** Puts what is new and deletes what is given up. A claim that is missing has nothing to delete. */
  private difference(service: ServiceObject, had: Claims, now: Claims): WriteOp[] {
    const { ipAddresses } = this.deps;
    const ops: WriteOp[] = [];
    for (const address of now.addresses)
      if (!had.addresses.has(address)) ops.push({ kind: 'put', key: ipAddresses.key('', address), json: ipAddresses.encode(this.ipAddress(service, address)), expectedModRevision: 0 });
    for (const port of now.nodePorts)
      if (!had.nodePorts.has(port)) ops.push({ kind: 'put', key: NODE_PORTS + port, json: this.nodePortClaim(service, port), expectedModRevision: 0 });
    for (const address of had.addresses) if (!now.addresses.has(address)) this.free(ops, ipAddresses.objects.get(ipAddresses.key('', address)));
    for (const port of had.nodePorts) if (!now.nodePorts.has(port)) this.free(ops, this.nodePorts.get(NODE_PORTS + port));
    return ops;
  }

  private free(ops: WriteOp[], claim: { readonly key: string; readonly resourceVersion: number } | undefined): void {
    if (claim) ops.push({ kind: 'delete', key: claim.key, expectedModRevision: revisionOf(claim.resourceVersion) });
  }

  private ipAddress(service: ServiceObject, address: string): KubeObject {
    const object = ipAddressOf(service, address);
    return { ...object, metadata: { ...object.metadata, uid: randomUUID(), generation: 1, creationTimestamp: formatTime(this.deps.clock.now()) } };
  }

  private nodePortClaim(service: ServiceObject, port: string): Buffer {
    const { namespace = '', name = '' } = service.metadata;
    return Buffer.from(`{"metadata":{"resourceVersion":"","name":${JSON.stringify(port)}},"service":${JSON.stringify(`${namespace}/${name}`)}}`);
  }
}
