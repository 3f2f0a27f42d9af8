import { core, type KubeObject } from '@navarch/api';
import { forbidden, notFound, type ApiError } from '@navarch/apimachinery';
import type { Logger } from '@navarch/component-base';
import type { Abandonment, AdmissionAttributes, Authorizer, ObjectReader, WriteSort } from '../../pipeline';
import { answerFailure } from '../../services/answer-failure';
import type { CallerCredentials } from '../../services/caller-credentials';
import type { HttpsCaller } from '../../services/https-call';
import { admissionRequest, type AdmissionRequest } from '../admission-request';
import type { ConditionsOf, MatchConditionMetrics } from '../match-condition-metrics';
import { objectMatches } from '../object-match';
import type { RequestVersion, RequestVersions } from '../request-versions';
import { readVerdict, reviewOf, reviewVersionOf, type Verdict } from './admission-review';
import type { RegisteredWebhook } from './registered-webhooks';
import { matchedVersion } from './rule-match';
import { callFailedError, denied, dryRunUnsupported, WebhookCallFailed } from './webhook-failure';
import type { WebhookMetrics, WebhookType } from './webhook-metrics';

export interface WebhookDeps {
  readonly reader: ObjectReader;
  readonly versions: RequestVersions;
  readonly authorizer: Authorizer;
  readonly caller: Pick<HttpsCaller, 'post'>;
  /** How webhooks know this server; without it calls are anonymous. */
  readonly credentials?: CallerCredentials;
  readonly metrics: WebhookMetrics;
  readonly conditions: MatchConditionMetrics;
  readonly log: Logger;
}

/** A call that is to be made. */
export interface PlannedCall {
  readonly registered: RegisteredWebhook;
  readonly version: RequestVersion;
  readonly request: AdmissionRequest;
}

/** What must stay changeable whatever webhooks do, or nobody could mend a wrong one. */
const exempt = new Set([
  'mutatingwebhookconfigurations',
  'validatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
]);

export const isExempt = ({ group, resource }: WriteSort): boolean => group === 'admissionregistration.k8s.io' && exempt.has(resource);

/** What mutating and validating webhooks have in common: who is asked, how, and what a failure means. */
export class WebhookCalls {
  constructor(
    private readonly type: WebhookType,
    private readonly deps: WebhookDeps,
  ) {}

  /** Undefined: this webhook does not want to see the write. @throws forbidden, badRequest */
  async plan(registered: RegisteredWebhook, attributes: AdmissionAttributes): Promise<PlannedCall | undefined> {
    const { webhook, objects, conditions } = registered;
    const { object, oldObject } = attributes;
    const versions = this.deps.versions.of(attributes);
    const version = matchedVersion(webhook.rules ?? [], webhook.matchPolicy ?? 'Equivalent', attributes, versions);
    if (!version || !(await this.namespaceMatches(registered, attributes))) return undefined;
    if (!objectMatches(objects, attributes)) return undefined;
    const shown = { object: object && this.deps.versions.show(object, version), oldObject: oldObject && this.deps.versions.show(oldObject, version) };
    const request = admissionRequest(attributes, version, versions[0] ?? version, shown);
    if (!conditions.empty) {
      const of: ConditionsOf = { name: webhook.name, kind: 'webhook', type: this.type, operation: attributes.operation };
      const held = await conditions.hold({ attributes, request, shown, authorizer: this.deps.authorizer, metrics: this.deps.conditions, of });
      if (held === false || (typeof held === 'string' && webhook.failurePolicy === 'Ignore')) {
        this.deps.conditions.excluded(of);
        return undefined;
      }
      if (typeof held === 'string') throw forbidden(attributes, attributes.name, held);
    }
    if (attributes.dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun') throw dryRunUnsupported(webhook.name);
    return { registered, version, request };
  }

  /** What the webhook says; undefined when it could not be asked and may be passed over. `place` names the call in audit notes. @throws denied, internalError */
  async ask({ registered: { webhook }, request }: PlannedCall, attributes: AdmissionAttributes, place: string): Promise<Verdict | undefined> {
    const call = { name: webhook.name, type: this.type, operation: attributes.operation };
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    let verdict: Verdict;
    // A request whose time is over is not passed on, also to those that may fail.
    attributes.abandonment?.throwIfAborted();
    try {
      verdict = await this.exchange(webhook.name, webhook, request, attributes.abandonment);
    } catch (error) {
      attributes.abandonment?.throwIfAborted();
      if (!(error instanceof WebhookCallFailed)) throw error;
      this.deps.metrics.answered(call, seconds(), 0, webhook.failurePolicy !== 'Ignore');
      if (webhook.failurePolicy === 'Ignore') {
        this.deps.metrics.passedOver(call);
        attributes.annotate?.(`failed-open.${this.type === 'admit' ? 'mutation' : 'validating'}.webhook.admission.k8s.io/${place}`, webhook.name);
        this.deps.log.warn({ err: error, webhook: webhook.name }, 'webhook could not be asked and is passed over');
        return undefined;
      }
      this.deps.metrics.rejected(call, 'calling_webhook_error', 0);
      throw callFailedError(error);
    }
    for (const [key, value] of Object.entries(verdict.auditAnnotations)) attributes.annotate?.(`${webhook.name}/${key}`, value);
    for (const warning of verdict.warnings) attributes.warn(warning);
    const refusal: ApiError | undefined = verdict.allowed ? undefined : denied(webhook.name, verdict.status);
    this.deps.metrics.answered(call, seconds(), refusal?.code ?? 200, refusal !== undefined);
    if (!refusal) return verdict;
    this.deps.metrics.rejected(call, 'no_error', verdict.status?.code ?? 0);
    throw refusal;
  }

  private async exchange(name: string, { clientConfig, timeoutSeconds = 10, admissionReviewVersions }: RegisteredWebhook['webhook'], request: AdmissionRequest, abandonment: Abandonment | undefined): Promise<Verdict> {
    const version = reviewVersionOf(admissionReviewVersions);
    if (version === undefined) throw new WebhookCallFailed(name, 'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)');
    // A webhook has no more time than the request that it is asked for.
    const left = (abandonment?.deadline?.msLeft ?? Infinity) / 1000;
    const answer = await this.deps.caller.post(clientConfig, reviewOf(request, version), { timeoutSeconds: Math.min(timeoutSeconds, left), credentials: this.deps.credentials, signal: abandonment?.signal }).catch((error: unknown) => {
      throw new WebhookCallFailed(name, `failed to call webhook: ${error instanceof Error ? error.message : String(error)}`, error);
    });
    const failure = answerFailure(answer);
    if (failure !== undefined) throw new WebhookCallFailed(name, `failed to call webhook: ${failure}`);
    try {
      return readVerdict(answer.body, request, version, this.type === 'admit');
    } catch (error) {
      throw new WebhookCallFailed(name, `received invalid webhook response: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  }

  private async namespaceMatches({ namespaces }: RegisteredWebhook, { group, resource, subresource, operation, namespace, object }: AdmissionAttributes): Promise<boolean> {
    if (namespaces.empty || namespace === '') return true;
    const isNamespace = group === '' && resource === 'namespaces';
    if (isNamespace && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE')) return namespaces.matches(object?.metadata.labels);
    const find = (): KubeObject | undefined => this.deps.reader.get(core.namespaces, '', namespace);
    if (find() === undefined) await this.deps.reader.refresh();
    const found = find();
    if (found === undefined) throw notFound(core.namespaces, namespace);
    return namespaces.matches(found.metadata.labels);
  }
}
