import { startEtcd, type TestEtcd } from '@navarch/testing';
import { RestClient, startTestApiserver } from '../testing';

const pods = '/api/v1/namespaces/default/pods';
const tolerating = (name: string, value: string): object => ({
  metadata: { name, namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'x' }], tolerations: [{ key: 'rate', operator: 'Gt', value, effect: 'NoSchedule' }] },
});

describe('tolerations that compare numbers', () => {
  let etcd: TestEtcd;
  beforeAll(async () => (etcd = await startEtcd()), 120_000);
  afterAll(() => etcd.stop());

  const serving = async (flags: string[], use: (api: RestClient) => Promise<void>): Promise<void> => {
    await using server = await startTestApiserver({ etcd: etcd.endpoint, flags: ['--disable-admission-plugins=ServiceAccount', ...flags] });
    const api = await RestClient.of(server);
    await use(api);
    api.close();
  };

  it('are let in while their gate is open, and stay when it is closed, as it is by default', async () => {
    await serving(['--feature-gates=TaintTolerationComparisonOperators=true'], async (api) => {
      expect((await api.post(pods, tolerating('made', '950'))).code).toBe(201);
      expect((await api.post(pods, tolerating('wrong', '9.5'))).code).toBe(422);
    });
    await serving([], async (api) => {
      expect(await api.post(pods, tolerating('late', '950'))).toMatchObject({
        code: 422, body: { details: { causes: [{ field: 'spec.tolerations[0].operator', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"' }] } },
      });
      expect((await api.patch(`${pods}/made`, 'merge', { metadata: { labels: { a: 'b' } } })).code).toBe(200);
    });
  }, 120_000);
});
