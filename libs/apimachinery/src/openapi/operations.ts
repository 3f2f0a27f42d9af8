import { type OpenApiResource, type OpenApiSubresource } from './openapi-input';
import { type ParameterName } from './parameters';

/** What an operation takes and gives, before it is written in either version of OpenAPI. */
export interface OperationPlan {
  readonly method: 'delete' | 'get' | 'patch' | 'post' | 'put';
  readonly id: string;
  readonly tag: string;
  /** `x-kubernetes-action`. */
  readonly action: 'connect' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'post' | 'put';
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly parameters: readonly ParameterName[];
  readonly body: 'deleteOptions' | 'object' | 'patch' | undefined;
  readonly answer: 'list' | 'object' | 'status' | 'text';
  /** Codes of success. */
  readonly codes: readonly ('200' | '201' | '202')[];
}

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

/** All paths of a resource. */
export function planResource(resource: OpenApiResource): PathPlan[] {
  const { group, version, namespaced } = resource;
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const collection = `${base}/${namespaced ? 'namespaces/{namespace}/' : ''}${resource.resource}`;
  const scope: ParameterName[] = namespaced ? ['namespace', 'pretty'] : ['pretty'];
  const one: ParameterName[] = ['name', ...scope];
  const plans: PathPlan[] = [
    { path: collection, parameters: scope, operations: collectionOperations(resource) },
    { path: `${collection}/{name}`, parameters: one, operations: objectOperations(resource, resource, '') },
    ...resource.subresources.map((sub) => ({ path: `${collection}/{name}/${sub.name}`, parameters: one, operations: objectOperations(resource, sub, capitalize(sub.name)) })),
  ];
  if (namespaced && resource.verbs.includes('list')) {
    const id = `list${groupName(resource)}${resource.kind}ForAllNamespaces`;
    plans.push({ path: `${base}/${resource.resource}`, parameters: [], operations: [{ ...list(resource), id, parameters: [...listParameters, 'pretty'] }] });
  }
  return plans.filter(({ operations }) => operations.length > 0);
}

function collectionOperations(resource: OpenApiResource): OperationPlan[] {
  const { verbs } = resource;
  return [
    ...(verbs.includes('list') ? [list(resource)] : []),
    ...(verbs.includes('create') ? [create(resource, resource, '')] : []),
    ...(verbs.includes('deletecollection')
      ? [{
          ...common(resource, resource), method: 'delete', id: `delete${groupName(resource)}Collection${scoped(resource)}`, action: 'deletecollection',
          parameters: [...listParameters.filter((name) => name !== 'watch' && name !== 'allowWatchBookmarks'), ...deleteParameters], body: 'deleteOptions', answer: 'status', codes: ['200'],
        } satisfies OperationPlan]
      : []),
  ];
}

function list(resource: OpenApiResource): OperationPlan {
  return {
    ...common(resource, resource), method: 'get', id: `list${groupName(resource)}${scoped(resource)}`, action: 'list', parameters: listParameters,
    body: undefined, answer: 'list', codes: ['200'],
  };
}

function create(resource: OpenApiResource, target: OpenApiResource | OpenApiSubresource, suffix: string): OperationPlan {
  return {
    ...common(resource, target), method: 'post', id: `create${groupName(resource)}${scoped(resource)}${suffix}`, action: 'post', parameters: writeParameters,
    body: 'object', answer: 'object', codes: ['200', '201', '202'],
  };
}

const connecting = new Set(['attach', 'exec', 'portforward', 'proxy']);

/** Operations on one object, or on a subresource of it. */
function objectOperations(resource: OpenApiResource, target: OpenApiResource | OpenApiSubresource, suffix: string): OperationPlan[] {
  const { verbs } = target;
  const name = `${groupName(resource)}${scoped(resource)}${suffix}`;
  const shared = common(resource, target);
  if ('name' in target && connecting.has(target.name)) {
    return (['get', 'post'] as const).map((method) => ({
      ...shared, method, id: `connect${groupName(resource)}${capitalize(method)}${scoped(resource)}${suffix}`, action: 'connect', parameters: [], body: undefined, answer: 'text', codes: ['200'],
    }));
  }
  const answer = 'name' in target && target.name === 'log' ? 'text' : 'object';
  const all: readonly (false | OperationPlan)[] = [
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
