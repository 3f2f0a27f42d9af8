import { type certificatesv1beta1, type corev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { type Clock, type Timer } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { createStubRequest } from '@navarch/pki';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';
import { type CertificateApi } from './certificate-api';
import { afterAnswer, bundleOf, isDue, lateness, stateName, withoutRequest, type CertificateState, type CredentialBundle, type Issued } from './certificate-state';

/** Which source of which of a pod's volumes wants the certificate. */
export interface CertificatePlace {
  readonly volume: string;
  readonly source: number;
}

export interface PodCertificatesDeps {
  readonly nodeName: string;
  /** Undefined before the node is registered. */
  readonly nodeUid: () => string | undefined;
  readonly api: CertificateApi;
  readonly events: Pick<EventSink, 'pod'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Between 0 and 1. */
  readonly random: () => number;
  /** A certificate of the pod has come, or never will. */
  readonly onAnswer: (podUid: string) => void;
  /** The kubelet is stopping: nothing is asked any more. */
  readonly signal: AbortSignal;
}

interface Track {
  pod: corev1.Pod;
  readonly signerName: string;
  state: CertificateState;
  /** What has been said of the certificate that is in use, by reason. */
  readonly told: Set<string>;
  advancing?: Promise<void> | undefined;
  timer?: Timer | undefined;
}

/** Only pods that have such volumes are looked after, each by requests of its own. */
const lookMs = 1_000;
/** Upstream's. */
const maxJitterMs = 5 * 60_000;

/** Certificates that pods get as files: asks for each, waits for its signer, and asks anew in time. Nothing is kept over a restart, as upstream. */
export class PodCertificates {
  readonly #tracks = new Map<string, Track>();

  constructor(private readonly deps: PodCertificatesDeps) {
    deps.signal.addEventListener('abort', () => {
      for (const { timer } of this.#tracks.values()) timer?.cancel();
    });
  }

  /** The key and the certificate that are to be shown now; rejects while there are none, with upstream's text. Called again and again, it renews them. */
  async bundle(pod: corev1.Pod, place: CertificatePlace, projection: corev1.PodCertificateProjection): Promise<CredentialBundle> {
    const key = `${uidOf(pod)}/${place.volume}/${place.source}`;
    const track: Track = this.#tracks.get(key) ?? { pod, signerName: projection.signerName, state: { kind: 'initial' }, told: new Set() };
    this.#tracks.set(key, track);
    track.pod = pod;
    track.advancing ??= this.#advance(track, projection).finally(() => {
      track.advancing = undefined;
    });
    await track.advancing;
    return bundleOf(track.state);
  }

  forgetPod(uid: string): void {
    for (const [key, { timer }] of this.#tracks) {
      if (!key.startsWith(`${uid}/`)) continue;
      timer?.cancel();
      this.#tracks.delete(key);
    }
  }

  /** How many certificates are in each state, by signer. */
  get states(): { readonly signerName: string; readonly state: string }[] {
    const now = this.deps.clock.now();
    return [...this.#tracks.values()].map(({ signerName, state }) => ({ signerName, state: stateName(state, now) }));
  }

  async #advance(track: Track, projection: corev1.PodCertificateProjection): Promise<void> {
    const { clock, log } = this.deps;
    const { state, pod } = track;
    if (state.kind === 'refused') return;
    if (state.kind === 'initial') {
      await this.#request(track, projection, undefined);
      return;
    }
    const { issued } = state;
    if (!issued || !isDue(issued, clock.now())) return;
    this.#tellLate(track, issued);
    if (state.kind === 'wait') return;
    try {
      await this.#request(track, projection, issued);
    } catch (error) {
      // What there is may hold for long.
      log.warn({ err: error, pod }, 'a certificate of a pod cannot be renewed');
    }
  }

  #tellLate({ pod, told }: Track, issued: Issued): void {
    for (const { reason, message } of lateness(issued, this.deps.clock.now())) {
      if (!told.has(reason)) this.deps.events.pod(pod, 'Warning', reason, message);
      told.add(reason);
    }
  }

  async #request(track: Track, projection: corev1.PodCertificateProjection, issued: Issued | undefined): Promise<void> {
    const { api, nodeName, nodeUid } = this.deps;
    const { pod } = track;
    const serviceAccountName = pod.spec?.serviceAccountName ?? 'default';
    const named = async <T>(what: string, act: () => Promise<T>): Promise<T> => act().catch((error: unknown) => {
      throw new Error(`${what}: ${errorText(error)}`, { cause: error });
    });
    const serviceAccountUID = await named('while fetching service account', () => api.serviceAccountUid(namespaceOf(pod), serviceAccountName));
    const { privateKey, request } = await named('while generating keypair', () => createStubRequest(projection.keyType));
    const created = await named(`while creating ${issued ? 'refresh' : 'initial'} PodCertificateRequest`, () =>
      api.create(requestFor(pod, projection, request, { nodeName, nodeUID: nodeUid() ?? '', serviceAccountName, serviceAccountUID })),
    );
    track.state = { kind: 'wait', pending: { name: created.metadata.name ?? '', privateKey }, ...(issued ? { issued } : {}) };
    this.#arm(track);
  }

  #arm(track: Track): void {
    if (this.deps.signal.aborted || track.state.kind !== 'wait' || ![...this.#tracks.values()].includes(track)) return;
    track.timer = this.deps.clock.setTimeout(() => void this.#look(track), lookMs);
  }

  /** Never rejects. */
  async #look(track: Track): Promise<void> {
    const { api, log, random, onAnswer } = this.deps;
    const { state, pod } = track;
    if (state.kind !== 'wait') return;
    try {
      const request = await api.get(namespaceOf(pod), state.pending.name);
      track.state = afterAnswer(state, request, random() * maxJitterMs);
    } catch (error) {
      if (isNotFound(error)) track.state = withoutRequest(state);
      else log.warn({ err: error, pod, request: state.pending.name }, 'cannot read the request for a pod\'s certificate');
    }
    if (track.state === state) {
      this.#arm(track);
      return;
    }
    if (track.state.kind === 'fresh') track.told.clear();
    if (track.state.kind === 'refused') this.#tellRefused(pod, state.pending.name, track.state);
    onAnswer(uidOf(pod));
  }

  #tellRefused(pod: corev1.Pod, name: string, { type, reason, message }: CertificateState & { kind: 'refused' }): void {
    const verdict = type === 'Denied' ? 'was denied' : 'failed';
    this.deps.events.pod(pod, 'Warning', type, `PodCertificateRequest ${namespaceOf(pod)}/${name} ${verdict}, reason=${JSON.stringify(reason)}, message=${JSON.stringify(message)}`);
  }
}

function requestFor(
  pod: corev1.Pod,
  { signerName, maxExpirationSeconds, userAnnotations }: corev1.PodCertificateProjection,
  stub: Buffer,
  from: Pick<certificatesv1beta1.PodCertificateRequestSpec, 'nodeName' | 'nodeUID' | 'serviceAccountName' | 'serviceAccountUID'>,
): certificatesv1beta1.PodCertificateRequest {
  return {
    apiVersion: 'certificates.k8s.io/v1beta1',
    kind: 'PodCertificateRequest',
    metadata: { namespace: namespaceOf(pod), generateName: 'req-', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: nameOf(pod), uid: uidOf(pod) }] },
    spec: {
      signerName,
      podName: nameOf(pod),
      podUID: uidOf(pod),
      ...from,
      stubPKCS10Request: stub.toString('base64'),
      ...(maxExpirationSeconds === undefined ? {} : { maxExpirationSeconds }),
      ...(userAnnotations === undefined ? {} : { unverifiedUserAnnotations: userAnnotations }),
    },
  };
}
