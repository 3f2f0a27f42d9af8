import { connectOperations, isConnection, servesBelow, subresourceParameters } from './connect-operations';
import { type OpenApiResource, type OpenApiSubresource } from './openapi-input';
import { operationText } from './operation-text';
import { type ParameterName } from './parameters';
import { watchPaths } from './watch-operations';

/** What an operation takes and gives, before it is written in either version of OpenAPI. */
export interface OperationPlan {
  readonly method: 'delete' | 'get' | 'head' | 'options' | 'patch' | 'post' | 'put';
  readonly id: string;
  readonly tag: string;
  readonly description: string;
  /** `x-kubernetes-action`. */
  readonly action: 'connect' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'post' | 'put' | 'watch' | 'watchlist';
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly parameters: readonly ParameterName[];
  readonly body: 'deleteOptions' | 'object' | 'patch' | undefined;
  readonly answer: 'event' | 'list' | 'object' | 'status' | 'text';
  /** Codes of success. */
  readonly codes: readonly ('200' | '201' | '202')[];
  readonly forms: Forms;
}

/** In what the objects of a resource travel, and their patches. */
export interface Forms {
  readonly media: readonly string[];
  /** Lists, which may be watched. */
  readonly lists: readonly string[];
  readonly patches: readonly string[];
}

const media = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const builtIn: Forms = {
  media,
  lists: [...media, 'application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'],
  patches: ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'],
};
/** What has no Go type has neither protobuf nor merge keys. kubectl takes from here how it patches such a kind. */
const custom: Forms = {
  media: ['application/json', 'application/yaml'],
  lists: ['application/json', 'application/yaml'],
  patches: ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'],
};

/** A path with its operations. */
export interface PathPlan {
  readonly path: string;
  readonly parameters: readonly ParameterName[];
  readonly operations: readonly OperationPlan[];
}

const listParameters: readonly ParameterName[] = [
  'allowWatchBookmarks', 'continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion', 'resourceVersionMatch', 'sendInitialEvents', 'timeoutSeconds', 'watch',
];
const writeParameters: readonly ParameterName[] = ['dryRun', 'fieldManager', 'fieldValidation'];
const deleteParameters: readonly ParameterName[] = [
  'dryRun', 'gracePeriodSeconds', 'ignoreStoreReadErrorWithClusterBreakingPotential', 'orphanDependents', 'propagationPolicy',
];

/** An operation before it is told in words. */
export type Silent = Omit<OperationPlan, 'description' | 'forms'>;

/** All paths of a resource; `isCustom` when it is one of a CustomResourceDefinition. */
export function planResource(resource: OpenApiResource, isCustom: boolean): PathPlan[] {
  const forms = isCustom ? custom : builtIn;
  const isWatched = resource.verbs.includes('watch') && !isCustom;
  const { group, version, namespaced } = resource;
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const collection = `${base}/${namespaced ? 'namespaces/{namespace}/' : ''}${resource.resource}`;
  const scope: ParameterName[] = namespaced ? ['namespace', 'pretty'] : ['pretty'];
  const one: ParameterName[] = ['name', ...scope];
  const told = (operations: readonly Silent[], subresource = ''): OperationPlan[] => operations.map((silent) => ({ ...silent, description: operationText(silent, resource.kind, subresource, isWatched), forms }));
  const plans: PathPlan[] = [
    { path: collection, parameters: scope, operations: told(collectionOperations(resource)) },
    { path: `${collection}/{name}`, parameters: one, operations: told(objectOperations(resource, resource, '')) },
    ...resource.subresources.flatMap((sub) => {
      const path = `${collection}/{name}/${sub.name}`;
      const parameters = subresourceParameters(sub, one);
      const suffix = capitalize(sub.name);
      const at: PathPlan = { path, parameters, operations: told(objectOperations(resource, sub, suffix), sub.name) };
      if (!servesBelow(sub)) return [at];
      return [at, { path: `${path}/{path}`, parameters: [...parameters, 'pathBelow' as const], operations: told(objectOperations(resource, sub, `${suffix}WithPath`), sub.name) }];
    }),
  ];
  if (namespaced && resource.verbs.includes('list')) {
    const id = `list${groupName(resource)}${resource.kind}ForAllNamespaces`;
    plans.push({ path: `${base}/${resource.resource}`, parameters: [], operations: told([{ ...list(resource), id, parameters: [...listParameters, 'pretty'] }]) });
  }
  if (isWatched && resource.verbs.includes('list')) {
    const listed = { ...common(resource, resource), base, listParameters, group: groupName(resource) };
    plans.push(...watchPaths(resource, listed).map(({ path, parameters, operation }) => ({ path, parameters, operations: told([operation]) })));
  }
  return plans.filter(({ operations }) => operations.length > 0);
}

function collectionOperations(resource: OpenApiResource): Silent[] {
  const { verbs } = resource;
  return [
    ...(verbs.includes('list') ? [list(resource)] : []),
    ...(verbs.includes('create') ? [create(resource, resource, '')] : []),
    ...(verbs.includes('deletecollection')
      ? [{
          ...common(resource, resource), method: 'delete', id: `delete${groupName(resource)}Collection${scoped(resource)}`, action: 'deletecollection',
          parameters: [...listParameters.filter((name) => name !== 'watch' && name !== 'allowWatchBookmarks'), ...deleteParameters], body: 'deleteOptions', answer: 'status', codes: ['200'],
        } satisfies Silent]
      : []),
  ];
}

function list(resource: OpenApiResource): Silent {
  return {
    ...common(resource, resource), method: 'get', id: `list${groupName(resource)}${scoped(resource)}`, action: 'list', parameters: listParameters,
    body: undefined, answer: 'list', codes: ['200'],
  };
}

function create(resource: OpenApiResource, target: OpenApiResource | OpenApiSubresource, suffix: string): Silent {
  return {
    ...common(resource, target), method: 'post', id: `create${groupName(resource)}${scoped(resource)}${suffix}`, action: 'post', parameters: writeParameters,
    body: 'object', answer: 'object', codes: ['200', '201', '202'],
  };
}

/** Operations on one object, or on a subresource of it. */
function objectOperations(resource: OpenApiResource, target: OpenApiResource | OpenApiSubresource, suffix: string): Silent[] {
  const { verbs } = target;
  const name = `${groupName(resource)}${scoped(resource)}${suffix}`;
  const shared = common(resource, target);
  if ('name' in target && isConnection(target)) return connectOperations(shared, target, (method) => `${groupName(resource)}${capitalize(method)}${scoped(resource)}${suffix}`);
  const answer = 'name' in target && target.name === 'log' ? 'text' : 'object';
  const all: readonly (false | Silent)[] = [
    verbs.includes('get') && { ...shared, method: 'get', id: `read${name}`, action: 'get', parameters: [], body: undefined, answer, codes: ['200'] },
    verbs.includes('update') && { ...shared, method: 'put', id: `replace${name}`, action: 'put', parameters: writeParameters, body: 'object', answer: 'object', codes: ['200', '201'] },
    // A subresource that is created stands on the object's path.
    suffix !== '' && verbs.includes('create') && create(resource, target, suffix),
    verbs.includes('delete') && { ...shared, method: 'delete', id: `delete${name}`, action: 'delete', parameters: deleteParameters, body: 'deleteOptions', answer: 'status', codes: ['200', '202'] },
    verbs.includes('patch') && { ...shared, method: 'patch', id: `patch${name}`, action: 'patch', parameters: [...writeParameters, 'force'], body: 'patch', answer: 'object', codes: ['200', '201'] },
  ];
  return all.filter((operation) => operation !== false);
}

function common(resource: OpenApiResource, target: OpenApiResource | OpenApiSubresource): Pick<OperationPlan, 'kind' | 'tag'> {
  return { tag: tagOf(resource), kind: { group: target.group, version: target.version, kind: target.kind } };
}

const scoped = ({ namespaced, kind }: OpenApiResource): string => (namespaced ? `Namespaced${kind}` : kind);

/** `CoreV1`, `RbacAuthorizationV1`, and without a version `RbacAuthorization`: how upstream's operation ids name a group and version. */
export function groupName({ group, version }: { readonly group: string; readonly version: string }): string {
  const parts = (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split('.');
  return parts.map(capitalize).join('') + capitalize(version);
}

/** `core_v1`, `rbacAuthorization_v1`, or `rbacAuthorization`. */
export function tagOf(groupVersion: { readonly group: string; readonly version: string }): string {
  const { version } = groupVersion;
  const name = groupName({ ...groupVersion, version: '' });
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}${version === '' ? '' : `_${version}`}`;
}

const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
