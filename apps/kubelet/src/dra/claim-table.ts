import { crc32 } from 'node:zlib';
import { type drav1 } from '@navarch/proto';

type Device = drav1.Device;

/** What this node knows of a claim that pods here use. */
export interface KnownClaim {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** Uids of the pods that use it. */
  readonly pods: Set<string>;
  /** What each of its drivers gave; nothing before it was asked. */
  readonly drivers: Map<string, readonly Device[]>;
  /** Its drivers have done their part since this kubelet began. */
  prepared: boolean;
}

/** Claims in use on a node: pure bookkeeping, and the content of upstream's `dra_manager_state`. */
export class ClaimTable {
  readonly #claims = new Map<string, KnownClaim>();

  constructor(claims: readonly KnownClaim[] = []) {
    for (const claim of claims) this.#claims.set(keyOf(claim.namespace, claim.name), claim);
  }

  get all(): readonly KnownClaim[] {
    return [...this.#claims.values()];
  }

  get(namespace: string, name: string): KnownClaim | undefined {
    return this.#claims.get(keyOf(namespace, name));
  }

  of(podUid: string): readonly KnownClaim[] {
    return this.all.filter(({ pods }) => pods.has(podUid));
  }

  /** Notes that a pod uses a claim. Throws where another claim of that name is not done with yet. */
  use(podUid: string, claim: Pick<KnownClaim, 'uid' | 'name' | 'namespace'>, drivers: readonly string[]): KnownClaim {
    const known = this.get(claim.namespace, claim.name) ?? { ...claim, pods: new Set<string>(), drivers: new Map(drivers.map((driver) => [driver, []])), prepared: false };
    if (known.uid !== claim.uid) throw new Error(`old ResourceClaim with same name ${claim.name} and different UID ${known.uid} still exists (previous pod force-deleted?!)`);
    known.pods.add(podUid);
    this.#claims.set(keyOf(claim.namespace, claim.name), known);
    return known;
  }

  /** The pod uses it no more; a claim that nobody uses is forgotten. */
  leave(podUid: string, claim: KnownClaim): void {
    claim.pods.delete(podUid);
    if (claim.pods.size === 0) this.#claims.delete(keyOf(claim.namespace, claim.name));
  }
}

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

interface SavedDevice {
  readonly PoolName: string;
  readonly DeviceName: string;
  readonly ShareID?: string;
  readonly RequestNames: readonly string[] | null;
  readonly CDIDeviceIDs: readonly string[] | null;
}

interface SavedClaim {
  readonly ClaimUID: string;
  readonly ClaimName: string;
  readonly Namespace: string;
  readonly PodUIDs: Readonly<Record<string, object>>;
  readonly DriverState: Readonly<Record<string, { readonly Devices: readonly SavedDevice[] | null }>>;
}

/** The content of `dra_manager_state`, as upstream writes it, its checksum too. */
export function claimCheckpoint(claims: readonly KnownClaim[]): Record<string, unknown> {
  const list = claims.map(({ uid, name, namespace, pods, drivers }): SavedClaim => ({
    ClaimUID: uid, ClaimName: name, Namespace: namespace, PodUIDs: Object.fromEntries([...pods].map((pod) => [pod, {}])),
    DriverState: Object.fromEntries([...drivers].map(([driver, devices]) => [driver, { Devices: devices.map(saved) }])),
  }));
  const Data = JSON.stringify({ kind: 'DRACheckpoint', apiVersion: 'checkpoint.dra.kubelet.k8s.io/v1', ClaimInfoStateList: list });
  return { Data, Checksum: crc32(Data) };
}

/** Reads one; throws an Error where it is spoiled. */
export function readClaimCheckpoint(content: unknown): KnownClaim[] {
  const { Data = '', Checksum } = content as { Data?: string; Checksum?: number };
  if (crc32(Data) !== Checksum) throw new Error('checkpoint is corrupted');
  const { ClaimInfoStateList } = JSON.parse(Data) as { ClaimInfoStateList: readonly SavedClaim[] | null };
  return (ClaimInfoStateList ?? []).map(({ ClaimUID, ClaimName, Namespace, PodUIDs, DriverState }) => ({
    uid: ClaimUID, name: ClaimName, namespace: Namespace, pods: new Set(Object.keys(PodUIDs)), prepared: false,
    drivers: new Map(Object.entries(DriverState).map(([driver, { Devices }]) => [driver, (Devices ?? []).map(restored)])),
  }));
}

function saved({ poolName, deviceName, shareId, requestNames, cdiDeviceIds }: Device): SavedDevice {
  return { PoolName: poolName, DeviceName: deviceName, ...(shareId === undefined ? {} : { ShareID: shareId }), RequestNames: requestNames, CDIDeviceIDs: cdiDeviceIds };
}

function restored({ PoolName, DeviceName, ShareID, RequestNames, CDIDeviceIDs }: SavedDevice): Device {
  return { poolName: PoolName, deviceName: DeviceName, shareId: ShareID, requestNames: [...RequestNames ?? []], cdiDeviceIds: [...CDIDeviceIDs ?? []] };
}
