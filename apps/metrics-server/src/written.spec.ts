import { goShapeTable, protobufTable, schemaTable } from '@navarch/api';
import { ProtobufCodec, SchemaCatalog } from '@navarch/apimachinery';
import { written } from './written';

const list = {
  kind: 'PodMetricsList', apiVersion: 'metrics.k8s.io/v1beta1', metadata: {},
  items: [{ metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } }, timestamp: '2026-01-01T00:00:00Z', window: '10.5s', containers: [{ name: 'app', usage: { cpu: '1500n', memory: '12Ki' } }] }],
};
const protobuf = 'application/vnd.kubernetes.protobuf';

describe('an answer', () => {
  it('is protobuf for who asks for it, with all that the JSON has', () => {
    const { contentType, bytes } = written(list, `${protobuf},application/json`);
    expect(contentType).toBe(protobuf);
    const tables = { schema: schemaTable(), protobuf: protobufTable(), goShape: goShapeTable() };
    expect(new ProtobufCodec(tables, new SchemaCatalog(tables)).decode(bytes)).toMatchObject({ ...list, metadata: {} });
  });

  it.each([
    ['application/json', list], ['', list], ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', list], [protobuf, { groups: [] }],
  ])('is JSON for %p and what has no protobuf form', (accept, body) => {
    expect(written(body, accept).contentType).toBe('application/json');
  });
});
