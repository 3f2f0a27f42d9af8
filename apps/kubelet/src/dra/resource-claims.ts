import { join } from 'node:path';
import { resource as dra, type corev1, type resourcev1 } from '@navarch/api';
import { type ApiClient } from '@navarch/client';
import { type Logger } from '@navarch/component-base';
import { type drav1 } from '@navarch/proto';
import { CheckpointFile } from '../checkpoint-file';
import { errorText } from '../error-text';
import { namespaceOf, uidOf } from '../pods/pod-spec';
import { callErrorText } from '../rpc-error-text';
import { claimCheckpoint, ClaimTable, readClaimCheckpoint, type KnownClaim } from './claim-table';
import { type DeviceHealth } from './device-health';
import { type DraDrivers } from './dra-drivers';
import { type DraMetrics } from './dra-metrics';
import { claimRequests, claimsOf, driversOf, madeClaimName, whyUnusable } from './pod-claims';

export interface ResourceClaimsDeps {
  readonly client: Pick<ApiClient, 'get'>;
  readonly rootDir: string;
  readonly drivers: Pick<DraDrivers, 'mustHave' | 'prepare' | 'unprepare'>;
  readonly health: Pick<DeviceHealth, 'of'>;
  readonly metrics: DraMetrics;
  readonly log: Logger;
}

/** Has claims prepared before a pod begins, and taken back after its end: upstream's pkg/kubelet/cm/dra. */
export class ResourceClaims {
  #table = new ClaimTable();
  readonly #file: CheckpointFile;

  constructor(private readonly deps: ResourceClaimsDeps) {
    this.#file = new CheckpointFile(join(deps.rootDir, 'dra_manager_state'), deps.log);
  }

  /** Reads which claims are in use; rejects where that is spoiled. */
  async start(): Promise<void> {
    const content = await this.#file.read();
    try {
      if (content !== undefined) this.#table = new ClaimTable(readClaimCheckpoint(content));
    } catch (error) {
      throw new Error(`${this.#file.path}: ${errorText(error)}; drain this node and delete it`, { cause: error });
    }
    this.deps.metrics.inUse(this.#table.all);
  }

  async stop(): Promise<void> {
    await this.#file.flush();
  }

  /** Rejects where something of a pod cannot be used yet; may be called again for what is prepared. */
  async prepare(pod: corev1.Pod): Promise<void> {
    if (pod.spec?.resourceClaims === undefined && pod.status?.extendedResourceClaimStatus === undefined) return;
    await this.deps.metrics.timed('PrepareResources', () => this.#prepare(pod)).catch((error: unknown) => {
      throw new Error(`prepare dynamic resources: ${errorText(error)}`, { cause: error });
    });
  }

  /** Takes back what nobody else uses. Rejects to be called again. */
  async unprepare(uid: string): Promise<void> {
    if (!this.holds(uid)) return;
    await this.deps.metrics.timed('UnprepareResources', () => this.#unprepare(uid)).catch((error: unknown) => {
      throw new Error(`unprepare dynamic resources: ${errorText(error)}`, { cause: error });
    });
  }

  /** Takes back what pods had that are not here any more. */
  async releaseAllBut(isWanted: (uid: string) => boolean): Promise<void> {
    const gone = new Set(this.#table.all.flatMap(({ pods }) => [...pods]).filter((uid) => !isWanted(uid)));
    for (const uid of gone) await this.unprepare(uid).catch((error: unknown) => this.deps.log.warn({ err: error, uid }, 'claims of a pod that is gone could not be taken back'));
  }

  /** Something may still have to be taken back from a pod. */
  holds(uid: string): boolean {
    return this.#table.of(uid).length > 0;
  }

  /** Names of a container's devices for the runtime (CDI). */
  devicesFor(pod: corev1.Pod, container: corev1.Container): readonly string[] {
    return [...claimRequests(pod, container)].flatMap(([name, requests]) => {
      const devices = [...this.#known(pod, name).drivers.values()].flat();
      return requests.flatMap((request) => devices.filter((device) => isFor(device, request)).flatMap(({ cdiDeviceIds }) => cdiDeviceIds));
    });
  }

  /** How the devices of a container are, by its claims, as drivers tell: upstream names a device as the runtime does, where it has such a name. */
  healthOf(pod: corev1.Pod, container: corev1.Container): corev1.ResourceStatus[] {
    return (container.resources?.claims ?? []).flatMap(({ name, request = '' }) => {
      const claim = this.#table.get(namespaceOf(pod), madeClaimName(pod, name) ?? '');
      if (!claim?.pods.has(uidOf(pod))) return [];
      const resources = [...claim.drivers].flatMap(([driver, devices]) => devices.filter((device) => isFor(device, request)).map(({ poolName, deviceName, cdiDeviceIds }) => ({
        resourceID: cdiDeviceIds[0] ?? `${driver}/${poolName}/${deviceName}`, ...this.deps.health.of(driver, poolName, deviceName),
      })));
      return resources.length === 0 ? [] : [{ name: `claim:${name}${request === '' ? '' : `/${request}`}`, resources }];
    });
  }

  /** The claims that a container uses. */
  usedBy(pod: corev1.Pod, container: corev1.Container): readonly KnownClaim[] {
    return [...claimRequests(pod, container).keys()].flatMap((name) => this.#table.get(namespaceOf(pod), name) ?? []);
  }

  #known(pod: corev1.Pod, name: string): KnownClaim {
    const known = this.#table.get(namespaceOf(pod), name);
    if (!known) throw new Error(`unable to get claim info for ResourceClaim ${name} in namespace ${namespaceOf(pod)}`);
    return known;
  }

  async #prepare(pod: corev1.Pod): Promise<void> {
    const { drivers } = this.deps;
    const claims = await this.#usableClaims(pod);
    // A driver that is away fails the pod before anything is noted that would have to be taken back from that driver.
    for (const driver of claims.flatMap(driversOf)) drivers.mustHave(driver);
    const known = claims.map((claim) => this.#table.use(uidOf(pod), { uid: claim.metadata.uid ?? '', name: claim.metadata.name ?? '', namespace: namespaceOf(pod) }, driversOf(claim)));
    await this.#save();
    const fresh = known.filter(({ prepared }) => !prepared);
    for (const [driver, wanted] of byDriver(fresh)) {
      const answer = await drivers.prepare(driver, wanted.map(claimMessage)).catch((error: unknown) => {
        throw new Error(`NodePrepareResources: ${callErrorText(error)}`, { cause: error });
      });
      checkAnswers('NodePrepareResources', wanted, answer.claims);
      for (const claim of wanted) claim.drivers.set(driver, answer.claims[claim.uid]?.devices ?? []);
    }
    for (const claim of fresh) claim.prepared = true;
    await this.#save();
  }

  async #usableClaims(pod: corev1.Pod): Promise<resourcev1.ResourceClaim[]> {
    const claims: resourcev1.ResourceClaim[] = [];
    for (const used of claimsOf(pod)) {
      const claim = await this.deps.client.get(dra.resourceclaims, { namespace: namespaceOf(pod), name: used.name }).catch((error: unknown) => {
        throw new Error(`fetch ResourceClaim ${used.name}: ${errorText(error)}`, { cause: error });
      });
      const reason = whyUnusable(pod, used, claim);
      if (reason !== undefined) throw new Error(reason);
      claims.push(claim);
    }
    return claims;
  }

  async #unprepare(uid: string): Promise<void> {
    const last = this.#table.of(uid).filter(({ pods }) => pods.size === 1);
    // A pod that comes to use one meanwhile has it prepared anew.
    for (const claim of last) claim.prepared = false;
    for (const [driver, unused] of byDriver(last)) {
      const answer = await this.deps.drivers.unprepare(driver, unused.map(claimMessage)).catch((error: unknown) => {
        if (error instanceof Error && error.name !== 'RpcError') throw error;
        throw new Error(`NodeUnprepareResources: ${callErrorText(error)}`, { cause: error });
      });
      checkAnswers('NodeUnprepareResources', unused, answer.claims);
    }
    for (const claim of this.#table.of(uid)) this.#table.leave(uid, claim);
    await this.#save();
  }

  async #save(): Promise<void> {
    this.deps.metrics.inUse(this.#table.all);
    this.#file.save(() => claimCheckpoint(this.#table.all));
    await this.#file.flush();
  }
}

/** An empty request is all of them, and a device without names is for all. */
function isFor({ requestNames }: Pick<drav1.Device, 'requestNames'>, request: string): boolean {
  return request === '' || requestNames.length === 0 || requestNames.includes(request);
}

function claimMessage({ namespace, uid, name }: KnownClaim): drav1.Claim {
  return { namespace, uid, name };
}

function byDriver(claims: readonly KnownClaim[]): ReadonlyMap<string, readonly KnownClaim[]> {
  const drivers = new Set(claims.flatMap((claim) => [...claim.drivers.keys()]));
  return new Map([...drivers].map((driver) => [driver, claims.filter((claim) => claim.drivers.has(driver))]));
}

/** Throws unless a driver says of each claim it was asked for, and of no other, that it is done. */
function checkAnswers(method: string, asked: readonly KnownClaim[], answers: Readonly<Record<string, { readonly error: string }>>): void {
  for (const [uid, { error }] of Object.entries(answers)) {
    const claim = asked.find((candidate) => candidate.uid === uid);
    if (!claim) throw new Error(`${method} returned result for unknown claim UID ${uid}`);
    if (error !== '') throw new Error(`${method} failed for ResourceClaim ${claim.name}: ${error}`);
  }
  const skipped = asked.length - Object.keys(answers).length;
  if (skipped !== 0) throw new Error(`${method} skipped ${skipped} ResourceClaims`);
}
