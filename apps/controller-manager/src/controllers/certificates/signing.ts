import { certificates, type certificatesv1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { parseCertificateRequest } from '@navarch/pki';
import { done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { signerProblem } from './recognise';
import { maySign, requestPem } from './request-state';
import { signerFiles, SigningAuthority } from './signing-authority';

/** No certificate is shorter, whatever a request says. */
const SHORTEST_SECONDS = 600;

/** How long a certificate lives: as long as asked for, within what is sensible. */
export function lifeMs(expirationSeconds: number | undefined, longestMs: number): number {
  if (expirationSeconds === undefined || expirationSeconds * 1_000 > longestMs) return longestMs;
  return Math.max(SHORTEST_SECONDS, expirationSeconds) * 1_000;
}

/** Signs approved requests for certificates with the CA of their signer. */
export class SigningReconciler implements Reconciler {
  readonly name = 'certificate';
  readonly requests: ObjectSource<certificatesv1.CertificateSigningRequest>;
  readonly #context: ControllerContext;
  readonly #authorities: ReadonlyMap<string, SigningAuthority>;

  constructor(context: ControllerContext, authorities: ReadonlyMap<string, SigningAuthority>) {
    this.#context = context;
    this.#authorities = authorities;
    this.requests = context.sources.informer(certificates.certificatesigningrequests, { alwaysWatch: true });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const request = this.requests.get(key);
    if (request === undefined || !maySign(request)) return done;
    const authority = this.#authorities.get(request.spec.signerName);
    if (authority === undefined) return done;
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
    const certificate = await (await authority.current()).answer(asked, { usages, lifeMs: lifeMs(expirationSeconds, config.clusterSigningDuration) });
    await api.updateStatus(certificates.certificatesigningrequests, { ...request, status: { ...request.status, certificate: Buffer.from(certificate).toString('base64') } }, { signal });
    return done;
  }
}

/** Without a CA there is nothing to sign with: the controller then does nothing, as upstream's. */
export function signingController(context: ControllerContext): RunningController {
  const files = signerFiles(context.config);
  if (files.size === 0) {
    context.log.warn({}, 'certificates are not signed: --cluster-signing-cert-file and --cluster-signing-key-file are not given');
    return { name: 'certificate', start: () => Promise.resolve(), stop: () => Promise.resolve() };
  }
  const reconciler = new SigningReconciler(context, new Map([...files].map(([signer, of]) => [signer, new SigningAuthority(of, context.clock, context.log)])));
  const { requests } = reconciler;
  return runningController({ reconciler, reads: [read(requests)], watch: (controller) => [wakeSelf(requests, controller)] }, context);
}
