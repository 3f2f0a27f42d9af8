import { authorization, certificates, core, type certificatesv1, type corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { parseCertificateRequest, type RequestedCertificate } from '@navarch/pki';
import { done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { approvalRule, KUBELET_SERVING, servesOwnNames } from './recognise';
import { isDecided, requestPem } from './request-state';

/** Approves what kubelets ask for, if who asks has the right to have it approved. */
export class ApprovingReconciler implements Reconciler {
  readonly name = 'certificate_approving';
  readonly requests: ObjectSource<certificatesv1.CertificateSigningRequest>;
  readonly nodes: ObjectSource<corev1.Node>;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.requests = context.sources.informer(certificates.certificatesigningrequests, { alwaysWatch: true });
    this.nodes = context.sources.informer(core.nodes);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    const request = this.requests.get(key);
    if (request === undefined || (request.status?.certificate ?? '') !== '' || isDecided(request)) return done;
    const asked = await parseCertificateRequest(requestPem(request));
    const rules = approvalRule(request, asked);
    // Addresses may be reported later.
    if (request.spec.signerName === KUBELET_SERVING && rules.length > 0 && !this.#isOwn(asked)) throw new Error(`${asked.commonName} asks to serve under names that are not its own`);
    for (const { subresource, message } of rules) {
      if (!(await this.#mayHave(request, subresource, signal))) continue;
      const now = formatTime(clock.now());
      const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message, lastUpdateTime: now, lastTransitionTime: now };
      const approved = { ...request, status: { ...request.status, conditions: [...(request.status?.conditions ?? []), condition] } };
      await api.update(certificates.certificatesigningrequests, approved, { signal, subresource: 'approval' });
      return done;
    }
    // Rights may come later.
    if (rules.length > 0) throw new Error(`recognized csr ${JSON.stringify(key.name)} as [${rules.map(({ subresource }) => subresource).join(' ')}] but subject access review was not approved`);
    return done;
  }

  #isOwn(asked: RequestedCertificate): boolean {
    const node = this.nodes.get({ namespace: '', name: asked.commonName.replace(/^system:node:/, '') });
    return node !== undefined && servesOwnNames(node, asked);
  }

  async #mayHave({ spec }: certificatesv1.CertificateSigningRequest, subresource: string, signal: AbortSignal): Promise<boolean> {
    const { username, uid, groups, extra } = spec;
    const review = await this.#context.api.create(authorization.subjectaccessreviews, {
      metadata: {},
      spec: {
        ...(username === undefined ? {} : { user: username }), ...(uid === undefined ? {} : { uid }), ...(groups === undefined ? {} : { groups }), ...(extra === undefined ? {} : { extra }),
        resourceAttributes: { group: 'certificates.k8s.io', version: '*', resource: 'certificatesigningrequests', verb: 'create', subresource },
      },
    }, { signal });
    return review.status?.allowed === true;
  }
}

export function approvingController(context: ControllerContext): RunningController {
  const reconciler = new ApprovingReconciler(context);
  const { requests, nodes } = reconciler;
  return runningController({ reconciler, reads: [read(requests), read(nodes)], watch: (controller) => [wakeSelf(requests, controller)] }, context);
}
