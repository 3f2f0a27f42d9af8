import { ApiError, serviceUnavailable } from '@navarch/apimachinery';
import type { JsonReader } from '../../rest/json-reader';
import { RestMetricsClient } from './rest-metrics-client';

const signal = new AbortController().signal;
const timestamp = '2026-01-01T00:00:00Z';
const notServed = new ApiError({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' });

/** A server of some paths. */
class FakeServer implements JsonReader {
  readonly asked: string[] = [];
  constructor(private readonly answers: Readonly<Record<string, object>>) {}
  get<T>(path: string): Promise<T> {
    this.asked.push(path);
    const answer = this.answers[path];
    return answer === undefined ? Promise.reject(notServed) : Promise.resolve(answer as T);
  }
}

describe('metrics by REST', () => {
  const podMetrics = { items: [
    { metadata: { name: 'a' }, timestamp, window: '15s', containers: [{ name: 'c', usage: { cpu: '250m', memory: '1Mi' } }, { name: 'd', usage: { cpu: '1500000n' } }] },
    { metadata: { name: 'b' }, timestamp, window: '15s', containers: [{ name: 'c', usage: { memory: '1Mi' } }] },
  ] };
  const path = '/apis/metrics.k8s.io/v1beta1/namespaces/default/pods?labelSelector=app%3Dweb';

  it('add up the containers of a pod, and leave out pods of which one is unknown', async () => {
    const client = new RestMetricsClient(new FakeServer({ [path]: podMetrics }));
    const metrics = await client.resource({ resource: 'cpu', namespace: 'default', selector: 'app=web' }, signal);
    expect([...metrics]).toEqual([['a', { milli: 252, timestampMs: Date.parse(timestamp), windowMs: 15_000 }]]);
    await expect(client.resource({ resource: 'cpu', namespace: 'default', selector: 'app=web', container: 'd' }, signal)).rejects.toThrow('container d not present in metrics for pod default/b');
  });

  it('say which API failed', async () => {
    const down: JsonReader = { get: () => Promise.reject(serviceUnavailable('the server is currently unable to handle the request')) };
    await expect(new RestMetricsClient(down).resource({ resource: 'cpu', namespace: 'default', selector: '' }, signal)).rejects.toThrow(
      'unable to fetch metrics from resource metrics API: the server is currently unable to handle the request',
    );
    await expect(
      new RestMetricsClient(new FakeServer({ '/apis/metrics.k8s.io/v1beta1/namespaces/default/pods': { items: [] } })).resource(
        { resource: 'cpu', namespace: 'default', selector: '' },
        signal,
      ),
    ).rejects.toThrow('no metrics returned from resource metrics API');
  });

  it('ask for custom metrics in the newest version that is served', async () => {
    const value = { describedObject: { name: 'a' }, timestamp, value: '2k' };
    const server = new FakeServer({
      '/apis/custom.metrics.k8s.io/v1beta1/namespaces/default/pods/*/hits?labelSelector=app%3Dweb&metricLabelSelector=x%3Dy': { items: [value] },
      '/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/ingresses.networking.k8s.io/main/hits': { items: [value] },
      '/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/metrics/hits': { items: [{ ...value, value: '1' }] },
    });
    const client = new RestMetricsClient(server);
    expect([...(await client.pods({ metric: 'hits', namespace: 'default', selector: 'app=web', metricSelector: 'x=y' }, signal)).values()]).toEqual([{ milli: 2_000_000, timestampMs: Date.parse(timestamp), windowMs: 60_000 }]);
    const of = { resource: 'ingresses.networking.k8s.io', name: 'main', namespaced: true };
    expect(await client.object({ metric: 'hits', namespace: 'default', of, metricSelector: '' }, signal)).toBe(2_000_000);
    expect(await client.object({ metric: 'hits', namespace: 'default', of: { resource: 'namespaces', name: 'default', namespaced: false }, metricSelector: '' }, signal)).toBe(1_000);
  });

  it('list the series of an external metric', async () => {
    const server = new FakeServer({ '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/queue?labelSelector=q%3Da': { items: [{ value: '3' }, { value: '500m' }] } });
    expect(await new RestMetricsClient(server).external({ metric: 'queue', namespace: 'default', metricSelector: 'q=a' }, signal)).toEqual([3_000, 500]);
  });
});
