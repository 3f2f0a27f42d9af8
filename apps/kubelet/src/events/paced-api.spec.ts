import { core, type corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { pacedApi } from './paced-api';

describe('events that are written at a pace', () => {
  const clock = new FakeClock();
  const event = { metadata: { name: 'e', namespace: 'default' } } as corev1.Event;
  const counting = (pace: { perSecond: number; burst: number }): { readonly written: () => number; readonly write: () => void } => {
    let written = 0;
    const done = <T>(object: T): Promise<T> => {
      written++;
      return Promise.resolve(object);
    };
    const api = pacedApi({ create: (_type, object) => done(object), patch: (_type, _key, _how, object) => done(object as never) }, pace, clock);
    return { written: () => written, write: () => void Promise.all([api.create(core.events, event), api.patch(core.events, { namespace: 'default', name: 'e' }, 'merge', {})]) };
  };

  it('come as many at once as the burst, the others one after another', async () => {
    const { written, write } = counting({ perSecond: 2, burst: 3 });
    for (let i = 0; i < 4; i++) write();
    await clock.settle();
    expect(written()).toBe(3);
    await clock.advance(500);
    expect(written()).toBe(4);
    await clock.advance(2_000);
    expect(written()).toBe(8);
  });

  it('come at once where there is no limit', async () => {
    const { written, write } = counting({ perSecond: 0, burst: 0 });
    for (let i = 0; i < 100; i++) write();
    await clock.settle();
    expect(written()).toBe(200);
  });
});
