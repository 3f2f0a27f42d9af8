import { createHash } from 'node:crypto';
import { type JsonObject } from '../json';
import { withCustomOf } from './custom-definitions';
import { definitionClosure } from './definition-schemas';
import { discoveryOperation, discoveryPaths, type DiscoveryPath } from './discovery-paths';
import { isCustom, kindIds, sharedIds } from './kind-ids';
import { schemaReference, type OpenApiInput } from './openapi-input';
import { planResource, type OperationPlan } from './operations';
import { parameterSchema } from './parameters';


/** `api/v1` or `apis/apps/v1`: where the document of a group and version is found below `/openapi/v3/`. */
export function openApiV3Path(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** The document of one group and version: its paths, and the schemas they need. */
export function buildOpenApiV3(all: OpenApiInput, group: string, version: string): JsonObject {
  const input = withCustomOf(all, group, version);
  const idOf = kindIds(input);
  const used = new Set<string>();
  const reference = (id: string): JsonObject => {
    used.add(id);
    return { $ref: schemaReference(id, 'v3') };
  };
  const paths: Record<string, JsonObject> = {};
  for (const resource of input.resources) {
    if (resource.group !== group || resource.version !== version) continue;
    for (const { path, parameters, operations } of planResource(resource, isCustom(input, idOf, resource))) {
      paths[path] = {
        ...Object.fromEntries(operations.map((plan) => [plan.method, operation(plan, idOf, reference)])),
        ...(parameters.length > 0 ? { parameters: parameters.map((name) => parameterSchema(name, 'v3')) } : {}),
      };
    }
  }
  for (const plan of discoveryPaths(input, idOf)) if (plan.of?.group === group && plan.of.version === version) paths[plan.path] = { get: discovery(plan, reference) };
  // Kinds without a path of their own, such as lists, are known by their group too.
  for (const [id, { gvk = [] }] of Object.entries(input.schema.definitions)) if (gvk !== 'many' && gvk.some((kind) => kind.startsWith(`${group}/${version}/`))) used.add(id);
  return document(input, paths, used);
}

function document(input: OpenApiInput, paths: Record<string, JsonObject>, used: ReadonlySet<string>): JsonObject {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: input.version },
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { schemas: definitionClosure(input, used, 'v3'), securitySchemes: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } } },
  };
}

/** The documents that are of no group and version, `apis/apps` and `version` for example, by where they are found below `/openapi/v3/`. */
export function openApiV3Discovery(all: OpenApiInput): ReadonlyMap<string, () => JsonObject> {
  const input = { ...all, customDefinitions: {} };
  const alone = discoveryPaths(input, kindIds(input)).filter((plan) => plan.of === undefined);
  return new Map(alone.map((plan) => [plan.document, () => {
    const used = new Set<string>();
    const get = discovery(plan, (id) => {
      used.add(id);
      return { $ref: schemaReference(id, 'v3') };
    });
    return document(input, { [plan.path]: { get } }, used);
  }]));
}

function discovery(plan: DiscoveryPath, reference: (id: string) => JsonObject): JsonObject {
  const schema = plan.answer === undefined ? { type: 'string' } : reference(plan.answer);
  return { ...discoveryOperation(plan), responses: { 200: { description: successTexts[200], content: contents(plan.types, schema) }, 401: { description: 'Unauthorized' } } };
}

type IdOf = ReturnType<typeof kindIds>;

function operation(plan: OperationPlan, idOf: IdOf, reference: (id: string) => JsonObject): JsonObject {
  const { media, lists, patches } = plan.forms;
  const { group, version, kind } = plan.kind;
  const id = idOf(group, version, kind);
  const answerId = plan.answer === 'status' ? sharedIds.status : plan.answer === 'event' ? sharedIds.watchEvent : plan.answer === 'list' ? idOf(group, version, `${kind}List`) : id;
  const answerSchema = plan.answer === 'text' || answerId === undefined ? { type: 'string' } : reference(answerId);
  const answerTypes = plan.action === 'connect' ? ['*/*'] : plan.answer === 'text' ? ['text/plain'] : plan.answer === 'list' || plan.answer === 'event' ? lists : media;
  const bodyId = plan.body === 'deleteOptions' ? sharedIds.deleteOptions : plan.body === 'patch' ? sharedIds.patch : id;
  const bodyTypes = plan.body === 'patch' ? patches : ['*/*'];
  return {
    description: plan.description,
    tags: [plan.tag],
    operationId: plan.id,
    ...(plan.parameters.length > 0 ? { parameters: plan.parameters.map((name) => parameterSchema(name, 'v3')) } : {}),
    ...(plan.body !== undefined && bodyId !== undefined
      ? { requestBody: { content: contents(bodyTypes, reference(bodyId)), ...(plan.body === 'deleteOptions' ? {} : { required: true }) } }
      : {}),
    responses: {
      ...Object.fromEntries(plan.codes.map((code) => [code, { description: successTexts[code], content: contents(answerTypes, answerSchema) }])),
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': plan.action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  };
}

const successTexts = { 200: 'OK', 201: 'Created', 202: 'Accepted' } as const;

function contents(types: readonly string[], schema: JsonObject): JsonObject {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

/** `/openapi/v3`: where each document is, with a hash by which clients cache it for ever. */
export function openApiV3Index(documents: ReadonlyMap<string, Uint8Array>): JsonObject {
  return { paths: Object.fromEntries([...documents].map(([path, bytes]) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${openApiHash(bytes)}` }])) };
}

/** The hash of a document, also good as its ETag. */
export function openApiHash(bytes: Uint8Array): string {
  return createHash('sha512').update(bytes).digest('hex').toUpperCase();
}
