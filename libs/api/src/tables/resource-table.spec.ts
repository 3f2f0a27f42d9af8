import { publishedBodyOf } from './published-body';
import { allResources, resourceFacts } from './resource-table';
import { schemaIdOf, schemaTable } from './schema-table';
import { protobufTable } from './protobuf-table';
import { goShapeTable } from './go-shape-table';

describe('what travels on NATS', () => {
  it.each([
    ['', 'pods', 'full', 'what components follow in bulk'],
    ['', 'secrets', 'key', 'secrets'],
    ['certificates.k8s.io', 'podcertificaterequests', 'key', 'what is asked for somebody else to certify'],
    ['storage.k8s.io', 'storageclasses', 'metadata', 'what hardly changes'],
    ['example.com', 'pods', 'metadata', 'a custom kind'],
  ])('of %j %s: %s, as %s', (group, resource, body) => expect(publishedBodyOf(group, resource)).toBe(body));
});

describe('resource table', () => {
  it.each([
    { group: '', version: 'v1', resource: 'pods', shortNames: ['po'], categories: ['all'], singular: 'pod', reason: 'measured' },
    { group: 'batch', version: 'v1', resource: 'cronjobs', shortNames: ['cj'], categories: ['all'], singular: 'cronjob', reason: 'measured only in v1beta1' },
    { group: 'autoscaling', version: 'v2', resource: 'horizontalpodautoscalers', shortNames: ['hpa'], categories: ['all'], singular: 'horizontalpodautoscaler', reason: 'all versions alike' },
    { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets', shortNames: ['pdb'], categories: [], singular: 'poddisruptionbudget', reason: 'measured only in v1beta1' },
    { group: 'networking.k8s.io', version: 'v1', resource: 'ipaddresses', shortNames: ['ip'], categories: [], singular: 'ipaddress', reason: 'newer kind' },
    { group: '', version: 'v1', resource: 'endpoints', shortNames: ['ep'], categories: [], singular: 'endpoints', reason: 'singular is the kind in lower case' },
  ])('names $group/$resource as a server of 1.36 does: $reason', ({ group, version, resource, shortNames, categories, singular }) => {
    expect(resourceFacts(group, version, resource)).toMatchObject({ shortNames, categories, singularName: singular });
  });

  it('knows the kinds of foreign subresources and the verbs of connecting ones', () => {
    const pods = resourceFacts('', 'v1', 'pods')?.subresources ?? [];
    expect(pods.find(({ name }) => name === 'eviction')).toMatchObject({ group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] });
    expect(pods.find(({ name }) => name === 'exec')).toMatchObject({ kind: 'PodExecOptions', verbs: ['create', 'get'] });
    expect(resourceFacts('apps', 'v1', 'deployments')?.subresources.find(({ name }) => name === 'scale')).toMatchObject({ group: 'autoscaling', version: 'v1', kind: 'Scale' });
  });

  it('finds a schema for every kind that is served by default', () => {
    for (const { group, version, kind, servedByDefault } of allResources()) {
      if (!servedByDefault) continue;
      const id = schemaIdOf(group, version, kind);
      expect(id && schemaTable().definitions[id]).toBeDefined();
    }
  });

  it('loads the protobuf and Go shape tables', () => {
    expect(protobufTable().messages['k8s.io.api.core.v1.Pod']?.[0]?.[1]).toBe('metadata');
    expect(goShapeTable().inline['k8s.io.api.core.v1.Volume']).toEqual(['volumeSource']);
  });
});
