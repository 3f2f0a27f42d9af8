import { negotiate, Negotiator } from './accept';

const all = { formats: ['json', 'yaml', 'protobuf'], views: ['object', 'table', 'metadata'] } as const;
const kubectlGet = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
const metadataClient = ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', 'application/json'].join(',');

describe('negotiate', () => {
  it.each([
    [undefined, 'json', 'object'],
    ['*/*', 'json', 'object'],
    ['application/*', 'json', 'object'],
    ['application/yaml', 'yaml', 'object'],
    [kubectlGet, 'json', 'table'],
    ['application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', 'json', 'metadata'],
    ['application/vnd.kubernetes.protobuf', 'protobuf', 'object'],
    ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1', 'protobuf', 'metadata'],
    ['application/vnd.kubernetes.protobuf,application/json', 'json', 'object'],
    ['application/vnd.kubernetes.protobuf, */*', 'json', 'object'],
    [metadataClient, 'protobuf', 'metadata'],
    ['application/vnd.kubernetes.protobuf,application/json;q=0.9', 'protobuf', 'object'],
    ['application/vnd.kubernetes.protobuf;q=0.5,application/json', 'json', 'object'],
    ['application/json;q=0.5,application/yaml;q=0.9', 'yaml', 'object'],
    ['application/json;as=Unknown;g=meta.k8s.io;v=v1,application/json', 'json', 'object'],
  ])('answers %s with %s of the %s', (accept, format, view) => {
    expect(negotiate(accept, all)).toMatchObject({ format, view });
  });

  it.each(['text/html', 'application/json;q=0', 'application/json;as=Table;v=v2;g=meta.k8s.io', 'application/json;g=meta.k8s.io;v=v1'])('has nothing for %s', (accept) => {
    expect(negotiate(accept, all)).toBeUndefined();
  });

  it('writes no rows in protobuf, and where it writes no objects takes what comes next', () => {
    expect(negotiate('application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1', all)).toBeUndefined();
    const custom = { ...all, inProtobuf: ['metadata'] } as const;
    expect(negotiate('application/vnd.kubernetes.protobuf', custom)).toBeUndefined();
    expect(negotiate('application/vnd.kubernetes.protobuf,application/yaml', custom)).toMatchObject({ format: 'yaml' });
    expect(negotiate('application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', custom)).toMatchObject({ format: 'protobuf', view: 'metadata' });
  });

  it('falls back to the object where there are no rows', () => {
    expect(negotiate(kubectlGet, { formats: ['json'], views: ['object'] })).toMatchObject({ view: 'object' });
  });

  it('does not grow without end', () => {
    const negotiator = new Negotiator(all);
    for (let i = 0; i < 2000; i++) negotiator.negotiate(`text/x${i}`);
    expect(negotiator.negotiate('application/yaml')).toMatchObject({ format: 'yaml' });
  });
});
