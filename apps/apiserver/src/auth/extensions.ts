import type { PipelineExtensionDeps, PipelineExtensions } from '../pipeline';
import { DefaultTolerationSeconds, type TolerationSeconds } from '../admission/default-toleration-seconds';
import { NamespaceLifecycle } from '../admission/namespace-lifecycle';
import { NodeRestriction } from '../admission/node-restriction';
import { PriorityAdmission } from '../admission/priority';
import { ServiceAccountAdmission } from '../admission/service-account';
import { TaintNodesByCondition } from '../admission/taint-nodes-by-condition';
import { bootstrapHooks } from '../bootstrap/bootstrap-hooks';
import { BootstrapTokenAuthenticator } from './authentication/bootstrap-token';
import { ClientCertificateAuthenticator } from './authentication/client-certificate';
import { ServiceAccountAuthenticator } from './authentication/service-account';
import { MastersAuthorizer } from './masters-authorizer';
import { NodeAuthorizer } from './node/node-authorizer';
import { RbacAuthorizer } from './rbac/rbac-authorizer';
import { AccessReviews } from './reviews/access-reviews';
import { TokenReviews, selfSubjectReview } from './reviews/identity-reviews';
import type { ServiceAccountTokens } from './tokens/service-account-tokens';
import { TokenRequests } from './tokens/token-request';
import { TokenValidator } from './tokens/token-validator';

export interface ExtensionOptions {
  /** `--authorization-mode`, in order. */
  readonly authorizationModes: readonly string[];
  readonly apiAudiences: readonly string[];
  readonly tolerationSeconds: TolerationSeconds;
}

/** Everything that plugs into the pipeline, in upstream's order. */
export function createExtensions(options: ExtensionOptions, deps: PipelineExtensionDeps & { readonly tokens: ServiceAccountTokens }): PipelineExtensions {
  const { reader, writer, tokens } = deps;
  const validator = new TokenValidator(tokens, reader);
  const bootstrapTokens = new BootstrapTokenAuthenticator(reader);
  const authorizers = [new MastersAuthorizer(), ...options.authorizationModes.map((mode) => authorizerFor(mode, deps))];
  const access = new AccessReviews(authorizers);
  const tokenRequests = new TokenRequests(tokens, writer);
  return {
    authenticators: [new ClientCertificateAuthenticator(), new ServiceAccountAuthenticator(validator, options.apiAudiences), bootstrapTokens],
    authorizers,
    admission: [
      new NamespaceLifecycle(reader),
      new ServiceAccountAdmission(reader),
      new NodeRestriction(reader),
      new TaintNodesByCondition(),
      new PriorityAdmission(reader),
      new DefaultTolerationSeconds(options.tolerationSeconds),
    ],
    virtualResources: {
      'authorization.k8s.io/subjectaccessreviews': access.subject,
      'authorization.k8s.io/localsubjectaccessreviews': access.local,
      'authorization.k8s.io/selfsubjectaccessreviews': access.self,
      'authorization.k8s.io/selfsubjectrulesreviews': access.rules,
      'authentication.k8s.io/selfsubjectreviews': selfSubjectReview,
      'authentication.k8s.io/tokenreviews': new TokenReviews(validator, [bootstrapTokens], options.apiAudiences).review,
      '/serviceaccounts/token': tokenRequests.issue,
    },
    postStartHooks: bootstrapHooks(writer),
  };
}

function authorizerFor(mode: string, { reader }: PipelineExtensionDeps): NodeAuthorizer | RbacAuthorizer | AlwaysAllow {
  switch (mode) {
    case 'RBAC':
      return new RbacAuthorizer(reader);
    case 'Node':
      return new NodeAuthorizer(reader);
    case 'AlwaysAllow':
      return new AlwaysAllow();
    default:
      throw new Error(`--authorization-mode: "${mode}" is not one of Node, RBAC, AlwaysAllow`);
  }
}

/** For experiments only. */
class AlwaysAllow {
  readonly name = 'AlwaysAllow';

  authorize(): { verdict: 'allow' } {
    return { verdict: 'allow' };
  }
}
