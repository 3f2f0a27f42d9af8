import { type corev1, type KubeObject } from '@navarch/api';
import { notFound } from '@navarch/apimachinery';
import { FakeClock } from '@navarch/clock';
import type { ObjectApi } from '../ports';
import { EventRecorder } from './event-recorder';

const pod = (name = 'web'): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '7' } });

function setUp(components: readonly string[] = ['replicaset-controller']) {
  const clock = new FakeClock();
  const stored = new Map<string, corev1.Event>();
  const api: Pick<ObjectApi, 'create' | 'patch'> = {
    create: (_, object) => {
      stored.set(object.metadata.name ?? '', object as unknown as corev1.Event);
      return Promise.resolve(object);
    },
    patch: <T extends KubeObject>(_: unknown, { name }: { name: string }, __: string, patch: object) => {
      const event = stored.get(name);
      if (event === undefined) return Promise.reject(notFound({ group: '', resource: 'events' }, name));
      Object.assign(event, patch);
      return Promise.resolve(event as unknown as T);
    },
  };
  const recorders = components.map((component) => new EventRecorder({ component }, { api, clock, log: { debug: () => undefined, warn: () => undefined } }));
  return { clock, stored, recorder: recorders[0] as EventRecorder, recorders, events: () => [...stored.values()] };
}

describe('events', () => {
  it('carry what users and tools look for', async () => {
    const { recorder, events } = setUp();
    recorder.event(pod(), 'Normal', 'SuccessfulCreate', 'Created pod: web-1');
    await recorder.flush();
    expect(events()).toHaveLength(1);
    expect(events()[0]).toMatchObject({
      involvedObject: { kind: 'Pod', apiVersion: 'v1', namespace: 'default', name: 'web', uid: 'uid-web', resourceVersion: '7' },
      type: 'Normal', reason: 'SuccessfulCreate', message: 'Created pod: web-1', count: 1, source: { component: 'replicaset-controller' }, reportingComponent: 'replicaset-controller',
    });
    expect(events()[0]?.metadata.name).toMatch(/^web\.[0-9a-f]+$/);
  });

  it('of two components about one object at one instant have names of their own', async () => {
    const { recorders, events } = setUp(['default-scheduler', 'kubelet', 'controller-manager']);
    for (const recorder of recorders) recorder.event(pod(), 'Normal', 'Said', 'something');
    await Promise.all(recorders.map((recorder) => recorder.flush()));
    expect(events()).toHaveLength(3);
  });

  it('are written whenever they are recorded, also at the moment when those before have just been', async () => {
    for (let turns = 0; turns < 20; turns++) {
      const { recorder, events } = setUp();
      recorder.event(pod('first'), 'Normal', 'Said', 'something');
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      recorder.event(pod('second'), 'Normal', 'Said', 'something');
      await new Promise((resolve) => setImmediate(resolve));
      expect([turns, events().map(({ involvedObject }) => involvedObject.name)]).toEqual([turns, ['first', 'second']]);
    }
  });

  it('that repeat become a count', async () => {
    const { recorder, events, clock } = setUp();
    for (let i = 0; i < 5; i++) {
      recorder.event(pod(), 'Warning', 'BackOff', 'Back-off');
      await clock.advance(1_000);
    }
    recorder.event(pod(), 'Warning', 'BackOff', 'Back-off');
    recorder.event(pod(), 'Warning', 'BackOff', 'Back-off');
    await recorder.flush();
    expect(events()).toHaveLength(1);
    expect(events()[0]?.count).toBe(7);
    expect(events()[0]?.firstTimestamp).not.toBe(events()[0]?.lastTimestamp);
  });

  it('that are many and similar are combined', async () => {
    const { recorder, events } = setUp();
    for (let i = 0; i < 20; i++) recorder.event(pod(), 'Normal', 'SuccessfulCreate', `Created pod: web-${i}`);
    await recorder.flush();
    const combined = events().filter(({ message }) => message?.startsWith('(combined from similar events): '));
    expect(events()).toHaveLength(10);
    expect(combined).toHaveLength(1);
    expect(combined[0]?.count).toBe(11);
  });

  it('of a noisy object are limited to 25, and one more every five minutes; other objects are not', async () => {
    const { recorder, events, clock } = setUp();
    for (let i = 0; i < 60; i++) recorder.event(pod('noisy'), 'Normal', `Reason${i}`, 'x');
    recorder.event(pod('quiet'), 'Normal', 'Reason', 'x');
    await recorder.flush();
    expect(events()).toHaveLength(26);
    await clock.advance(300_000);
    for (let i = 0; i < 3; i++) recorder.event(pod('noisy'), 'Normal', `Later${i}`, 'x');
    await recorder.flush();
    expect(events()).toHaveLength(27);
  });

  it('that have expired are written anew', async () => {
    const { recorder, events, stored } = setUp();
    recorder.event(pod(), 'Normal', 'R', 'x');
    await recorder.flush();
    stored.clear();
    recorder.event(pod(), 'Normal', 'R', 'x');
    await recorder.flush();
    expect(events()).toHaveLength(1);
    expect(events()[0]?.count).toBe(2);
  });
});
