import { eventually } from '@navarch/testing';
import { type RestClient } from '../testing';
import { useTestApi } from './use-test-api';

interface Listed { items: { metadata: { name: string } }[] }

const events = '/api/v1/namespaces/default/events';
const event = (name: string): object => ({ metadata: { name }, involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' }, reason: 'R', message: name });

describe('--event-ttl', () => {
  let api: RestClient;

  useTestApi((running) => {
    ({ api } = running);
  }, ['--event-ttl=2s']);

  const names = async (path: string): Promise<string[]> => (await api.get<Listed>(path)).body.items.map(({ metadata }) => metadata.name);

  it('takes events out of the store after that time, which watches are told of; other objects stay', async () => {
    const watch = await api.watch(`${events}?watch=1`);
    expect((await api.post(events, event('old'))).code).toBe(201);
    expect((await api.post('/api/v1/namespaces/default/configmaps', { metadata: { name: 'lasts' } })).code).toBe(201);
    expect((await watch.take(2)).map(({ type, object }) => [type, object.metadata.name])).toEqual([['ADDED', 'old'], ['DELETED', 'old']]);
    watch.stop();
    expect(await names(events)).toEqual([]);
    expect(await names('/api/v1/namespaces/default/configmaps')).toContain('lasts');
  }, 30_000);

  it('begins anew with each change of an event', async () => {
    const other = await api.watch(`${events}?watch=1&fieldSelector=metadata.name%3Dleft-alone`);
    await api.post(events, event('told-again'));
    await api.post(events, event('left-alone'));
    const over = new AbortController();
    const life = other.take(2).then((seen) => {
      over.abort();
      return seen.map(({ type }) => type);
    });
    for (let count = 2; !over.signal.aborted; count++) await api.patch(`${events}/told-again`, 'merge', { count });
    expect(await life).toEqual(['ADDED', 'DELETED']);
    other.stop();
    // It is older than the other, which is gone.
    expect((await api.get(`${events}/told-again`)).code).toBe(200);
    await eventually(async () => (await api.get(`${events}/told-again`)).code === 404);
  }, 30_000);
});
