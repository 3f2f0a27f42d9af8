import { bookmarkSubject, changeFilter, type ClassTokens, heartbeatSubject, usageSubject } from '@navarch/bus';
import type { AuthorizationAttributes, User } from '../pipeline';
import type { AuthorizerChain } from '../pipeline/authorize';
import type { Registry } from '../registry/registry';

/** Subjects an identity may use on NATS. */
export interface BusRights {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Everything that components tell each other, for those who may watch everything. */
const ALL = ['change.>', 'bookmark.>', 'heartbeat.>', 'usage.>'];

const follow = (tokens: ClassTokens): string[] => [changeFilter(tokens), bookmarkSubject(tokens)];

/** A node sees its own pods, and what every node needs to route (rules 3.8). */
export function nodeRights(nodes: readonly string[]): BusRights {
  return {
    publish: nodes.flatMap((node) => [heartbeatSubject(node), usageSubject(node)]),
    subscribe: [
      ...nodes.flatMap((node) => follow({ group: '', resource: 'pods', node })),
      ...follow({ group: '', resource: 'services' }),
      ...follow({ group: 'discovery.k8s.io', resource: 'endpointslices' }),
    ],
  };
}

/** As upstream's metrics-server is allowed to ask kubelets. */
const readsUsage: AuthorizationAttributes = { verb: 'get', isResource: true, path: '', group: '', version: 'v1', resource: 'nodes', subresource: 'metrics', namespace: '', name: '' };

const watching = (group: string, version: string, resource: string, namespace = ''): AuthorizationAttributes =>
  ({ verb: 'watch', isResource: true, path: '', group, version, resource, subresource: '', namespace, name: '' });

/** Anyone else may follow on NATS what they may watch everywhere: RBAC decides for both. */
export async function rightsByAuthorization(user: User, authorization: AuthorizerChain, registry: Registry): Promise<BusRights> {
  const may = async (attributes: AuthorizationAttributes): Promise<boolean> => (await authorization.authorize(user, attributes)).verdict === 'allow';
  // Side by side: what is refused is looked at again after a consistent read, and those that wait share it.
  const asked = [...registry.allStores()].map(async ({ definition: { group, resource, storageVersion } }) => ({
    tokens: { group, resource },
    allowed: await may(watching(group, storageVersion, resource)),
  }));
  // Signs of life are for those who look after nodes.
  const [resources, followsNodes, followsUsage] = await Promise.all([Promise.all(asked), may(watching('coordination.k8s.io', 'v1', 'leases', 'kube-node-lease')), may(readsUsage)]);
  if (resources.every(({ allowed }) => allowed)) return { publish: [], subscribe: ALL };
  const classes = resources.filter(({ allowed }) => allowed).flatMap(({ tokens }) => follow(tokens));
  return { publish: [], subscribe: [...classes, ...(followsNodes ? ['heartbeat.>'] : []), ...(followsUsage ? ['usage.>'] : [])] };
}
