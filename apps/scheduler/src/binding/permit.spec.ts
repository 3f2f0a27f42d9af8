import type { PermitAnswer } from '@navarch/scheduling';
import type { ExternalPlugin } from '../external/external-plugin';
import { SchedulerWorld } from '../testing/scheduler-world';

describe('a pod that several Permit plug-ins have a say about', () => {
  let world: SchedulerWorld;
  afterEach(() => world.stop());

  const asking = (name: string, answer: (pod: string) => PermitAnswer): ExternalPlugin => ({ name, ignorable: false, weight: 1, concerns: () => true, permit: ({ name: pod }) => Promise.resolve(answer(pod)) });
  const waits: PermitAnswer = { kind: 'wait', timeoutMs: 60_000 };
  const allows: PermitAnswer = { kind: 'allow' };
  const begin = async (...extenders: ExternalPlugin[]): Promise<void> => {
    world = new SchedulerWorld({ extenders });
    world.node('a');
    world.pod('web');
    await world.lead();
    await world.settle();
  };

  it('does not wait for one when another refuses it', async () => {
    await begin(asking('Slow', () => waits), asking('Strict', () => ({ kind: 'refuse', reason: 'not you' })));
    expect(world.messageOf('web')).toBe('0/1 nodes are available: 1 not you.');
  });

  it('waits for all of them at the same time', async () => {
    const letsGo = (pod: string): PermitAnswer => (pod === 'web' ? waits : { kind: 'allow', allow: [world.get('web').metadata.uid ?? ''] });
    await begin(asking('One', letsGo), asking('Other', letsGo));
    expect(world.nodeOf('web')).toBe('');
    world.pod('second');
    await world.settle();
    expect(['web', 'second'].map((name) => world.nodeOf(name))).toEqual(['a', 'a']);
  });

  it('is tried again when something happened while it waited that helps', async () => {
    let answer: PermitAnswer = waits;
    await begin(asking('One', () => answer));
    expect(world.nodeOf('web')).toBe('');
    world.node('b');
    await world.settle();
    answer = allows;
    await world.clock.advance(60_000);
    await world.settle();
    expect(world.nodeOf('web')).not.toBe('');
    expect(world.events.map(({ reason }) => reason)).toEqual(['FailedScheduling', 'Scheduled']);
  });
});
