import type { Serves } from '@navarch/api';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import { MatchConditionMetrics } from '../admission/match-condition-metrics';
import type { TolerationSeconds } from '../admission/default-toleration-seconds';
import { PolicyMetrics } from '../admission/policies/policy-metrics';
import type { PolicyDeps } from '../admission/policies/validating-policies';
import { createPlugins, type PluginDeps, type PluginSelection } from '../admission/plugin-table';
import type { RequestVersions } from '../admission/request-versions';
import { WebhookMetrics } from '../admission/webhooks/webhook-metrics';
import type { HttpsCaller } from '../services/https-call';
import { bootstrapHooks } from '../bootstrap/bootstrap-hooks';
import { legacyTokenTracking } from '../bootstrap/legacy-token-tracking';
import type { Authenticator, Decision, ObjectReader, PipelineExtensionDeps, PipelineExtensions } from '../pipeline';
import { AbacAuthorizer } from './abac/abac-authorizer';
import { BootstrapTokenAuthenticator } from './authentication/bootstrap-token';
import { ServiceAccountAuthenticator } from './authentication/service-account';
import { FreshAuthorizer, type CachedAuthorizer } from './fresh-authorizer';
import { MastersAuthorizer } from './masters-authorizer';
import { AuthorizerMetrics, type NamedAuthorizer } from './named-authorizers';
import { NodeAuthorizer } from './node/node-authorizer';
import { RbacAuthorizer } from './rbac/rbac-authorizer';
import { RoleRules } from './rbac/role-rules';
import { AccessReviews } from './reviews/access-reviews';
import { TokenReviews, selfSubjectReviews } from './reviews/identity-reviews';
import { LegacyTokens } from './tokens/legacy-tokens';
import { countingTokens } from './tokens/token-uses';
import type { ServiceAccountTokens } from './tokens/service-account-tokens';
import { type TokenRequestOptions, TokenRequests } from './tokens/token-request';
import { TokenValidator } from './tokens/token-validator';

export interface ExtensionOptions {
  readonly apiAudiences: readonly string[];
  readonly tolerationSeconds: TolerationSeconds;
  readonly admissionPlugins: PluginSelection;
  readonly tokenRequests: TokenRequestOptions;
  /** `--enable-bootstrap-token-auth` */
  readonly bootstrapTokens: boolean;
}

export interface ExtensionDeps extends PipelineExtensionDeps {
  readonly tokens: ServiceAccountTokens;
  readonly certificateAuthenticators: readonly Authenticator[];
  /** Of tokens that a file names: they are asked before all that know tokens by their form, as upstream's. */
  readonly staticTokens: readonly Authenticator[];
  /** Of tokens that others have issued. */
  readonly tokenAuthenticators: readonly Authenticator[];
  /** In order. */
  readonly authorizers: readonly NamedAuthorizer[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly versions: RequestVersions;
  readonly serves: Serves;
  readonly policies: Pick<PolicyDeps, 'params'>;
  readonly plugins: Pick<PluginDeps, 'configurations' | 'credentialsOf' | 'endpointOf' | 'resourcesOfKind'>;
  /** For webhooks of all kinds. */
  readonly caller: HttpsCaller;
  readonly metrics: Registry;
}

export interface CreatedExtensions extends PipelineExtensions {
  /** From now on these decide, in this order. */
  readonly useAuthorizers: (authorizers: readonly NamedAuthorizer[]) => void;
}

/** Everything that plugs into the pipeline, in upstream's order. */
export function createExtensions(
  { apiAudiences, tolerationSeconds, admissionPlugins, tokenRequests, bootstrapTokens: joins }: ExtensionOptions,
  {
    reader,
    writer,
    tokens,
    clock,
    log,
    versions,
    serves,
    policies,
    plugins,
    caller,
    metrics,
    certificateAuthenticators,
    staticTokens,
    tokenAuthenticators,
    authorizers,
  }: ExtensionDeps,
): CreatedExtensions {
  const count = countingTokens(metrics);
  const validator = new TokenValidator({ tokens, legacy: new LegacyTokens({ tokens, reader, writer, clock, count, log }), reader, clock, count });
  const bootstrapTokens = joins ? [new BootstrapTokenAuthenticator(reader, clock)] : [];
  const roles = new RoleRules(reader);
  const make = authorizerMaker(reader, roles, new AuthorizerMetrics(metrics));
  const masters = new MastersAuthorizer();
  const all = (named: readonly NamedAuthorizer[]): CachedAuthorizer[] => [masters, ...named.map(make)];
  const authorizer = new FreshAuthorizer(all(authorizers), reader);
  const access = new AccessReviews(authorizer);
  const conditions = new MatchConditionMetrics(metrics);
  return {
    useAuthorizers: (named) => authorizer.use(all(named)),
    authenticators: [...certificateAuthenticators, ...staticTokens, new ServiceAccountAuthenticator(validator, apiAudiences, clock), ...bootstrapTokens, ...tokenAuthenticators],
    authorizers: [authorizer],
    admission: createPlugins(admissionPlugins, {
      ...plugins,
      reader,
      writer,
      clock,
      log,
      metrics,
      authorizer,
      roles,
      tolerationSeconds,
      webhooks: { reader, versions, authorizer, caller, metrics: new WebhookMetrics(metrics), conditions, log },
      policies: { reader, versions, authorizer, conditions, log, metrics: new PolicyMetrics(metrics), ...policies },
    }),
    virtualResources: {
      'authorization.k8s.io/subjectaccessreviews': access.subject,
      'authorization.k8s.io/localsubjectaccessreviews': access.local,
      'authorization.k8s.io/selfsubjectaccessreviews': access.self,
      'authorization.k8s.io/selfsubjectrulesreviews': access.rules,
      'authentication.k8s.io/selfsubjectreviews': selfSubjectReviews(clock),
      'authentication.k8s.io/tokenreviews': new TokenReviews({ validator, others: [...staticTokens, ...bootstrapTokens, ...tokenAuthenticators], apiAudiences }).review,
      '/serviceaccounts/token': new TokenRequests({ tokens, objects: writer, clock }, tokenRequests).issue,
    },
    postStartHooks: [...bootstrapHooks(writer, serves), legacyTokenTracking(writer, clock)],
  };
}

/** Makes what names stand for; each kind that keeps state is made once, however often the names change. */
function authorizerMaker(reader: ObjectReader, roles: RoleRules, metrics: AuthorizerMetrics): (of: NamedAuthorizer) => CachedAuthorizer {
  const made = new Map<string, CachedAuthorizer>();
  const make = ({ type, name, webhook, policies = [] }: NamedAuthorizer): CachedAuthorizer => {
    switch (type) {
      case 'RBAC':
        return new RbacAuthorizer(roles);
      case 'ABAC':
        return new AbacAuthorizer(policies);
      case 'Node':
        return new NodeAuthorizer(reader);
      case 'Webhook':
        if (webhook) return webhook;
        throw new Error(`authorizer ${name} has no webhook`);
      case 'AlwaysAllow':
        return new AlwaysAllow();
      case 'AlwaysDeny':
        return new AlwaysDeny();
    }
  };
  return (of) => {
    const found = of.type === 'Webhook' ? undefined : made.get(of.type);
    const authorizer = found ?? make(of);
    made.set(of.type, authorizer);
    return metrics.counting(of, authorizer);
  };
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
