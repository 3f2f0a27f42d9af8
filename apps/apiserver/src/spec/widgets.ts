import { eventually } from '@navarch/testing';
import type { RestClient } from '../testing';

export type Body = Record<string, unknown> & { metadata: Record<string, unknown>; spec?: Record<string, unknown>; status?: Record<string, unknown>; items?: Body[]; message?: string };

export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export const widgetSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1 },
        colour: { type: 'string', default: 'red' },
        replicas: { type: 'integer' },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, weight: { type: 'integer' } } },
        },
      },
      'x-kubernetes-validations': [{ rule: '!has(oldSelf.colour) || self.colour == oldSelf.colour', message: 'colour is immutable', fieldPath: '.colour' }],
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' }, phase: { type: 'string' } } },
  },
};

export const version = (name: string, more: object = {}): object => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: widgetSchema },
  subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' } },
  additionalPrinterColumns: [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  selectableFields: [{ jsonPath: '.spec.colour' }],
  ...more,
});

export const definition = (plural: string, kind: string, versions: object[] = [version('v1')], more: object = {}): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List`, shortNames: [`${plural.slice(0, 2)}x`], categories: ['all'] },
    versions,
    ...more,
  },
});

export const widget = (name: string, spec: object = { size: 1 }, apiVersion = 'example.com/v1', kind = 'Widget'): object => ({ apiVersion, kind, metadata: { name }, spec });

/** Until what is expected is so. */
export const soon = (check: () => Promise<void>): Promise<boolean> => eventually(async () => {
  await check();
  return true;
});

/** Makes a definition, and waits until its objects are served. */
export async function installDefinition(client: RestClient, body: object, path: string): Promise<void> {
  const created = await client.post(DEFINITIONS, body);
  expect([created.code, created.body['message']]).toEqual([201, undefined]);
  await soon(async () => expect((await client.get(path)).code).toBe(200));
}
