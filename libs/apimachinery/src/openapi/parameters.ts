import { type JsonObject } from '../json';
import { type OpenApiVersion } from './openapi-input';

const types = {
  allowWatchBookmarks: 'boolean',
  continue: 'string',
  dryRun: 'string',
  fieldManager: 'string',
  fieldSelector: 'string',
  fieldValidation: 'string',
  force: 'boolean',
  gracePeriodSeconds: 'integer',
  ignoreStoreReadErrorWithClusterBreakingPotential: 'boolean',
  labelSelector: 'string',
  limit: 'integer',
  name: 'string',
  namespace: 'string',
  orphanDependents: 'boolean',
  pretty: 'string',
  propagationPolicy: 'string',
  resourceVersion: 'string',
  resourceVersionMatch: 'string',
  sendInitialEvents: 'boolean',
  timeoutSeconds: 'integer',
  watch: 'boolean',
} as const;

/** Parameters of operations, in path or query. */
export type ParameterName = keyof typeof types;

/** A parameter as the version of OpenAPI writes it. */
export function parameterSchema(name: ParameterName, version: OpenApiVersion): JsonObject {
  const inPath = name === 'name' || name === 'namespace';
  const head: JsonObject = { name, in: inPath ? 'path' : 'query', ...(inPath ? { required: true } : {}) };
  const schema: JsonObject = { type: types[name], uniqueItems: true };
  return version === 'v2' ? { ...head, ...schema } : { ...head, schema };
}
