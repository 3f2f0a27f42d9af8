import { readFileSync } from 'node:fs';
import { certificates, type certificatesv1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { CertificateAuthority, parseCertificateRequest, type CertificateUsage } from '@navarch/pki';
import { done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY_UNKNOWN, signerProblem } from './recognise';
import { maySign, requestPem } from './request-state';

/** No certificate is shorter, whatever a request says. */
const SHORTEST_SECONDS = 600;
const SIGNERS = new Set([CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY_UNKNOWN]);

/** Signs approved requests for certificates with the cluster's CA. */
export class SigningReconciler implements Reconciler {
  readonly name = 'certificate';
  readonly requests: ObjectSource<certificatesv1.CertificateSigningRequest>;
  readonly #context: ControllerContext;
  readonly #authority: Promise<CertificateAuthority>;

  constructor(context: ControllerContext, authority: Promise<CertificateAuthority>) {
    this.#context = context;
    this.#authority = authority;
    this.requests = context.sources.informer(certificates.certificatesigningrequests, { alwaysWatch: true });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const request = this.requests.get(key);
    if (request === undefined || !SIGNERS.has(request.spec.signerName) || !maySign(request)) return done;
    const { api, clock, config } = this.#context;
    const asked = await parseCertificateRequest(requestPem(request));
    const problem = signerProblem(request, asked);
    if (problem !== undefined) {
      const now = formatTime(clock.now());
      const condition = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: problem, lastUpdateTime: now, lastTransitionTime: now };
      await api.updateStatus(certificates.certificatesigningrequests, { ...request, status: { ...request.status, conditions: [...(request.status?.conditions ?? []), condition] } }, { signal });
      return done;
    }
    const { expirationSeconds, usages = [] } = request.spec;
    const wantedMs = expirationSeconds === undefined ? config.clusterSigningDuration : Math.max(SHORTEST_SECONDS, expirationSeconds) * 1_000;
    const certificate = await (await this.#authority).sign({
      commonName: asked.commonName, organizations: asked.organizations, hosts: [...asked.dnsNames, ...asked.ipAddresses],
      usages: usages.filter((usage): usage is CertificateUsage => usage === 'client auth' || usage === 'server auth'),
      validityMs: Math.min(wantedMs, config.clusterSigningDuration),
    }, asked.publicKey);
    await api.updateStatus(certificates.certificatesigningrequests, { ...request, status: { ...request.status, certificate: Buffer.from(certificate).toString('base64') } }, { signal });
    return done;
  }
}

/** Without a CA there is nothing to sign with: the controller then does nothing, as upstream's. */
export function signingController(context: ControllerContext): RunningController {
  const { clusterSigningCertFile: cert, clusterSigningKeyFile: key } = context.config;
  if (cert === undefined || key === undefined) {
    context.log.warn({}, 'certificates are not signed: --cluster-signing-cert-file and --cluster-signing-key-file are not given');
    return { name: 'certificate', start: () => Promise.resolve(), stop: () => Promise.resolve() };
  }
  const authority = CertificateAuthority.load({ cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }, context.clock);
  const reconciler = new SigningReconciler(context, authority);
  const { requests } = reconciler;
  return runningController({ reconciler, reads: [read(requests)], watch: (controller) => [wakeSelf(requests, controller)] }, context);
}
