import { type JsonObject } from '../json';
import { withCustomRenamed } from './custom-definitions';
import { definitionClosure } from './definition-schemas';
import { discoveryOperation, discoveryPaths } from './discovery-paths';
import { isCustom, kindIds, sharedIds } from './kind-ids';
import { schemaReference, type OpenApiInput } from './openapi-input';
import { planResource, type OperationPlan } from './operations';
import { parameterSchema } from './parameters';

/** `/openapi/v2`: one document of everything that is served. */
export function buildOpenApiV2(all: OpenApiInput): JsonObject {
  const input = withCustomRenamed(all);
  const idOf = kindIds(input);
  const used = new Set<string>();
  const reference = (id: string): JsonObject => {
    used.add(id);
    return { $ref: schemaReference(id, 'v2') };
  };
  const paths: Record<string, JsonObject> = {};
  for (const resource of input.resources) {
    for (const { path, parameters, operations } of planResource(resource, isCustom(input, idOf, resource))) {
      paths[path] = {
        ...Object.fromEntries(operations.map((plan) => [plan.method, operation(plan, idOf, reference)])),
        ...(parameters.length > 0 ? { parameters: parameters.map((name) => parameterSchema(name, 'v2')) } : {}),
      };
    }
  }
  for (const plan of discoveryPaths(input, idOf)) {
    const { path, answer, types, consumes } = plan;
    const schema = answer === undefined ? { type: 'string' } : reference(answer);
    const get = { ...discoveryOperation(plan), ...(consumes.length > 0 ? { consumes: [...consumes] } : {}), produces: [...types], schemes: ['https'] };
    paths[path] = { get: { ...get, responses: { 200: { description: successTexts[200], schema }, 401: { description: 'Unauthorized' } } } };
  }
  const served = new Set(input.resources.map(({ group, version }) => `${group}/${version}/`));
  for (const [id, { gvk = [] }] of Object.entries(input.schema.definitions)) {
    if (gvk !== 'many' && gvk.some((kind) => served.has(kind.slice(0, kind.lastIndexOf('/') + 1)))) used.add(id);
  }
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: input.version },
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    definitions: definitionClosure(input, used, 'v2'),
    securityDefinitions: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    security: [{ BearerToken: [] }],
  };
}

function operation(plan: OperationPlan, idOf: ReturnType<typeof kindIds>, reference: (id: string) => JsonObject): JsonObject {
  const { media, lists, patches } = plan.forms;
  const { group, version, kind } = plan.kind;
  const id = idOf(group, version, kind);
  const answerId = plan.answer === 'status' ? sharedIds.status : plan.answer === 'event' ? sharedIds.watchEvent : plan.answer === 'list' ? idOf(group, version, `${kind}List`) : id;
  const answerSchema = plan.answer === 'text' || answerId === undefined ? { type: 'string' } : reference(answerId);
  const bodyId = plan.body === 'deleteOptions' ? sharedIds.deleteOptions : plan.body === 'patch' ? sharedIds.patch : id;
  const parameters = plan.parameters.map((name) => parameterSchema(name, 'v2'));
  if (plan.body !== undefined && bodyId !== undefined) {
    parameters.unshift({ name: 'body', in: 'body', ...(plan.body === 'deleteOptions' ? {} : { required: true }), schema: reference(bodyId) });
  }
  return {
    description: plan.description,
    consumes: plan.body === 'patch' ? [...patches] : ['*/*'],
    produces: plan.action === 'connect' ? ['*/*'] : plan.answer === 'text' ? ['text/plain'] : [...(plan.answer === 'list' || plan.answer === 'event' ? lists : media)],
    schemes: ['https'],
    tags: [plan.tag],
    operationId: plan.id,
    ...(parameters.length > 0 ? { parameters } : {}),
    responses: {
      ...Object.fromEntries(plan.codes.map((code) => [code, { description: successTexts[code], schema: answerSchema }])),
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': plan.action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  };
}

const successTexts = { 200: 'OK', 201: 'Created', 202: 'Accepted' } as const;
