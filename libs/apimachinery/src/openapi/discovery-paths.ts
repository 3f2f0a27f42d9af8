import { type JsonObject } from '../json';
import { type kindIds } from './kind-ids';
import { type OpenApiInput } from './openapi-input';
import { groupName, tagOf } from './operations';

/** A document that tells of the server itself: what is served, its version, its keys. */
export interface DiscoveryPath {
  /** Where its document of v3 is, below `/openapi/v3/`. */
  readonly document: string;
  /** Which group and version that document is of, if it is one of resources too. */
  readonly of?: { readonly group: string; readonly version: string };
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly description: string;
  /** Definition of what is answered; without it, any text. */
  readonly answer: string | undefined;
  readonly types: readonly string[];
  /** Media types that a request may have, in v2. */
  readonly consumes: readonly string[];
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const json = 'application/json';
const all = [json, 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const discovered = { types: all, consumes: all };
const versions = 'get available API versions';

/** Those that are there whatever is served. Ids, tags and words are upstream's `api/openapi-spec`. */
const fixed: readonly DiscoveryPath[] = [
  {
    document: '.well-known/openid-configuration',
    path: '/.well-known/openid-configuration/',
    id: 'getServiceAccountIssuerOpenIDConfiguration',
    tag: 'WellKnown',
    description: "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
    answer: undefined,
    types: [json],
    consumes: [],
  },
  { ...discovered, document: 'api', path: '/api/', id: 'getCoreAPIVersions', tag: 'core', description: versions, answer: `${meta}.APIVersions` },
  { ...discovered, document: 'apis', path: '/apis/', id: 'getAPIVersions', tag: 'apis', description: versions, answer: `${meta}.APIGroupList` },
  {
    document: 'openid/v1/jwks',
    path: '/openid/v1/jwks/',
    id: 'getServiceAccountIssuerOpenIDKeyset',
    tag: 'openid',
    description: 'get service account issuer OpenID JSON Web Key Set (contains public token verification keys)',
    answer: undefined,
    types: ['application/jwk-set+json'],
    consumes: [],
  },
  {
    document: 'version',
    path: '/version/',
    id: 'getCodeVersion',
    tag: 'version',
    description: 'get the version information for this server',
    answer: 'io.k8s.apimachinery.pkg.version.Info',
    types: [json],
    consumes: [json],
  },
];

const ofGroup = (group: string): DiscoveryPath => ({
  ...discovered,
  document: `apis/${group}`,
  path: `/apis/${group}/`,
  id: `get${groupName({ group, version: '' })}APIGroup`,
  tag: tagOf({ group, version: '' }),
  description: 'get information of a group',
  answer: `${meta}.APIGroup`,
});

function ofVersion(group: string, version: string): DiscoveryPath {
  const document = group === '' ? `api/${version}` : `apis/${group}/${version}`;
  return {
    ...discovered,
    document,
    of: { group, version },
    path: `/${document}/`,
    id: `get${groupName({ group, version })}APIResources`,
    tag: tagOf({ group, version }),
    description: 'get available resources',
    answer: `${meta}.APIResourceList`,
  };
}

/** All of them. Of groups of custom resources upstream's documents do not tell. */
export function discoveryPaths({ resources, customDefinitions = {} }: OpenApiInput, idOf: ReturnType<typeof kindIds>): DiscoveryPath[] {
  const found = new Map(fixed.map((each) => [each.path, each]));
  for (const { group, version, kind } of resources) {
    const id = idOf(group, version, kind);
    if (id === undefined || customDefinitions[id]) continue;
    for (const each of [...(group === '' ? [] : [ofGroup(group)]), ofVersion(group, version)]) found.set(each.path, each);
  }
  return [...found.values()];
}

/** What both versions of OpenAPI write of them alike. */
export function discoveryOperation({ description, id, tag }: DiscoveryPath): JsonObject {
  return { tags: [tag], description, operationId: id };
}
