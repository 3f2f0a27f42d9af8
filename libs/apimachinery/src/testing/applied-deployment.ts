import type { JsonObject } from '../json';
import { typeOfKind } from './built-in-tables';
import { type FieldSet, serverSideApply, trackUpdate, type Applied } from '../apply';

export const deployment = typeOfKind('apps/v1/Deployment');
export const now = Date.parse('2024-01-01T00:00:00Z');
export const head = { apiVersion: 'apps/v1', kind: 'Deployment' };

export interface Entry { manager: string; operation: string; fieldsV1: JsonObject; time?: string; subresource?: string }
export const entries = (object: JsonObject): Entry[] => ((object['metadata'] as JsonObject)['managedFields'] ?? []) as unknown as Entry[];
export const fieldsOf = (object: JsonObject, manager: string): JsonObject | undefined => entries(object).find((entry) => entry.manager === manager)?.fieldsV1;

export function apply(live: JsonObject | undefined, config: JsonObject, manager: string, options: { force?: boolean; now?: number; subresource?: string } = {}): Applied {
  return serverSideApply({ live, config: { ...head, ...config }, type: deployment, manager, apiVersion: 'apps/v1', force: false, now, ...options });
}

export function update(live: JsonObject | undefined, next: JsonObject, manager: string, options: { now?: number; subresource?: string; ignored?: FieldSet } = {}): JsonObject {
  return trackUpdate({ live, next: { ...head, ...next }, type: deployment, manager, apiVersion: 'apps/v1', now, ...options });
}

export const web = (image: string, more: JsonObject = {}): JsonObject => ({
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: { replicas: 1, template: { spec: { containers: [{ name: 'web', image }] } }, ...more },
});
