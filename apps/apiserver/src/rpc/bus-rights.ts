import { bookmarkSubject, changeFilter, type ClassTokens, heartbeatSubject, usageSubject } from '@navarch/bus';
import type { AuthorizationAttributes, User } from '../pipeline';
import type { AuthorizerChain } from '../pipeline/authorize';
import type { Registry } from '../registry/registry';

/** Subjects an identity may use on NATS. */
export interface BusRights {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const NODE = 'system:node:';
const GROUP_NODES = 'system:nodes';
/** Everything that components tell each other, for those who may watch everything. */
const ALL = ['change.>', 'bookmark.>', 'heartbeat.>', 'usage.>'];

const follow = (tokens: ClassTokens): string[] => [changeFilter(tokens), bookmarkSubject(tokens)];

/** The name of the node whose kubelet this is. */
export function nodeOf(user: User): string | undefined {
  return user.groups.includes(GROUP_NODES) && user.name.startsWith(NODE) ? user.name.slice(NODE.length) : undefined;
}

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

/** Anyone else may follow on NATS what they may watch everywhere: RBAC decides for both. */
export async function rightsByAuthorization(user: User, authorization: AuthorizerChain, registry: Registry): Promise<BusRights> {
  const allowed: string[] = [];
  let refused = 0;
  for (const { definition } of registry.allStores()) {
    const { group, resource, storageVersion: version } = definition;
    const attributes: AuthorizationAttributes = { verb: 'watch', isResource: true, path: '', group, version, resource, subresource: '', namespace: '', name: '' };
    const { verdict } = await authorization.authorize(user, attributes);
    if (verdict === 'allow') allowed.push(...follow({ group, resource }));
    else refused++;
  }
  if (refused === 0) return { publish: [], subscribe: ALL };
  // Signs of life are for those who look after nodes.
  const leases: AuthorizationAttributes = { verb: 'watch', isResource: true, path: '', group: 'coordination.k8s.io', version: 'v1', resource: 'leases', subresource: '', namespace: 'kube-node-lease', name: '' };
  const { verdict } = await authorization.authorize(user, leases);
  return { publish: [], subscribe: verdict === 'allow' ? [...allowed, 'heartbeat.>', 'usage.>'] : allowed };
}
