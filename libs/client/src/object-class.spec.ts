import { core } from '@navarch/api';
import { jsonBytes, parseObject } from './object-class';

describe('an object that is read', () => {
  it('has its kind, also where a list leaves it out, and none of its managedFields', () => {
    const metadata = { name: 'web', namespace: 'default', resourceVersion: '7' };
    const pod = parseObject(core.pods, jsonBytes({ metadata: { ...metadata, managedFields: [{ manager: 'kubectl', operation: 'Update' }] }, spec: { containers: [] } }));
    expect(pod).toEqual({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } });
    expect(JSON.parse(jsonBytes(pod).toString())).not.toHaveProperty('metadata.managedFields');
  });

  it('may be an answer that has no metadata', () => {
    expect(parseObject(core.pods, jsonBytes({ kind: 'Status', apiVersion: 'v1', status: 'Success' }))).toMatchObject({ kind: 'Status' });
  });
});
