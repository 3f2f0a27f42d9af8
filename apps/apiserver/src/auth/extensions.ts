import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import type { TolerationSeconds } from '../admission/default-toleration-seconds';
import type { MutatingPolicyDeps } from '../admission/policies/mutating-policies';
import { createPlugins, type PluginSelection } from '../admission/plugin-table';
import type { RequestVersions } from '../admission/request-versions';
import { WebhookMetrics } from '../admission/webhooks/webhook-metrics';
import type { HttpsCaller } from '../services/https-call';
import { bootstrapHooks } from '../bootstrap/bootstrap-hooks';
import { legacyTokenTracking } from '../bootstrap/legacy-token-tracking';
import type { Authenticator, Decision, ObjectReader, PipelineExtensionDeps, PipelineExtensions } from '../pipeline';
import { BootstrapTokenAuthenticator } from './authentication/bootstrap-token';
import { ServiceAccountAuthenticator } from './authentication/service-account';
import { FreshAuthorizer, type CachedAuthorizer } from './fresh-authorizer';
import { MastersAuthorizer } from './masters-authorizer';
import { NodeAuthorizer } from './node/node-authorizer';
import { RbacAuthorizer } from './rbac/rbac-authorizer';
import { RoleRules } from './rbac/role-rules';
import { AccessReviews } from './reviews/access-reviews';
import { TokenReviews, selfSubjectReviews } from './reviews/identity-reviews';
import { LegacyTokens } from './tokens/legacy-tokens';
import type { ServiceAccountTokens } from './tokens/service-account-tokens';
import { TokenRequests } from './tokens/token-request';
import { TokenValidator } from './tokens/token-validator';

export interface ExtensionOptions {
  /** `--authorization-mode`, in order. */
  readonly authorizationModes: readonly string[];
  readonly apiAudiences: readonly string[];
  readonly tolerationSeconds: TolerationSeconds;
  readonly admissionPlugins: PluginSelection;
}

export interface ExtensionDeps extends PipelineExtensionDeps {
  readonly tokens: ServiceAccountTokens;
  readonly certificateAuthenticators: readonly Authenticator[];
  /** Of tokens that others have issued. */
  readonly tokenAuthenticators: readonly Authenticator[];
  /** For mode Webhook. */
  readonly webhookAuthorizer: CachedAuthorizer | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly versions: RequestVersions;
  readonly policies: Pick<MutatingPolicyDeps, 'params' | 'typeOf'>;
  /** For webhooks of all kinds. */
  readonly caller: HttpsCaller;
  readonly metrics: Registry;
}

/** Everything that plugs into the pipeline, in upstream's order. */
export function createExtensions({ authorizationModes, apiAudiences, tolerationSeconds, admissionPlugins }: ExtensionOptions, { reader, writer, tokens, clock, log, versions, policies, caller, metrics, certificateAuthenticators, tokenAuthenticators, webhookAuthorizer }: ExtensionDeps): PipelineExtensions {
  const validator = new TokenValidator({ tokens, legacy: new LegacyTokens({ tokens, reader, writer, clock, log }), reader, clock });
  const bootstrapTokens = new BootstrapTokenAuthenticator(reader, clock);
  const roles = new RoleRules(reader);
  const authorizer = new FreshAuthorizer([new MastersAuthorizer(), ...authorizationModes.map((mode) => authorizerFor(mode, reader, roles, webhookAuthorizer))], reader);
  const access = new AccessReviews(authorizer);
  return {
    authenticators: [...certificateAuthenticators, new ServiceAccountAuthenticator(validator, apiAudiences, clock), bootstrapTokens, ...tokenAuthenticators],
    authorizers: [authorizer],
    admission: createPlugins(admissionPlugins, { reader, writer, clock, log, authorizer, roles, tolerationSeconds, webhooks: { reader, versions, authorizer, caller, metrics: new WebhookMetrics(metrics), log }, policies: { reader, versions, authorizer, log, ...policies } }),
    virtualResources: {
      'authorization.k8s.io/subjectaccessreviews': access.subject,
      'authorization.k8s.io/localsubjectaccessreviews': access.local,
      'authorization.k8s.io/selfsubjectaccessreviews': access.self,
      'authorization.k8s.io/selfsubjectrulesreviews': access.rules,
      'authentication.k8s.io/selfsubjectreviews': selfSubjectReviews(clock),
      'authentication.k8s.io/tokenreviews': new TokenReviews({ validator, others: [bootstrapTokens, ...tokenAuthenticators], apiAudiences }).review,
      '/serviceaccounts/token': new TokenRequests({ tokens, objects: writer, clock }).issue,
    },
    postStartHooks: [...bootstrapHooks(writer), legacyTokenTracking(writer, clock)],
  };
}

function authorizerFor(mode: string, reader: ObjectReader, roles: RoleRules, webhook: CachedAuthorizer | undefined): CachedAuthorizer {
  switch (mode) {
    case 'RBAC':
      return new RbacAuthorizer(roles);
    case 'Node':
      return new NodeAuthorizer(reader);
    case 'Webhook':
      if (webhook) return webhook;
      throw new Error('--authorization-mode: Webhook needs --authorization-webhook-config-file');
    case 'AlwaysAllow':
      return new AlwaysAllow();
    case 'AlwaysDeny':
      return new AlwaysDeny();
    default:
      throw new Error(`--authorization-mode: "${mode}" is not one of AlwaysAllow, AlwaysDeny, Node, RBAC, Webhook`);
  }
}

/** For experiments only. */
class AlwaysAllow implements CachedAuthorizer {
  readonly name = 'AlwaysAllow';

  authorize(): Decision {
    return { verdict: 'allow' };
  }
}

/** For experiments only. */
class AlwaysDeny implements CachedAuthorizer {
  readonly name = 'AlwaysDeny';

  authorize(): Decision {
    return { verdict: 'no-opinion', reason: 'Everything is forbidden.' };
  }
}
