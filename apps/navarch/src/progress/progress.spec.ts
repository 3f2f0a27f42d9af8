import { FakeClock } from '@navarch/clock';
import { Progress } from './progress';

const escape = String.fromCharCode(27);
const plain = (text: string): string => text.replace(new RegExp(`${escape}\\[\\d+m`, 'g'), '');

describe('Progress', () => {
  const setUp = (isTTY: boolean): { progress: Progress; clock: FakeClock; written: () => string } => {
    const clock = new FakeClock();
    let text = '';
    const progress = new Progress({ isTTY, columns: 40, write: (more) => (text += more) }, clock);
    return { progress, clock, written: () => plain(text) };
  };

  it('says a step once, when it is done, where there is no terminal', async () => {
    const { progress, clock, written } = setUp(false);
    await progress.step('certificates', async (say) => {
      say('the CA');
      await clock.advance(1_200);
    });
    expect(written()).toBe('✔ certificates (1.2 s)\n');
  });

  it('says what a long step waits for, and only news', async () => {
    const { progress, clock, written } = setUp(false);
    await progress.step('nodes', async (say) => {
      for (let second = 0; second < 20; second++) {
        say(second < 12 ? '1 of 2' : '2 of 2');
        await clock.advance(1_000);
      }
    });
    expect(written()).toBe('  nodes: 1 of 2\n  nodes: 2 of 2\n✔ nodes (20.0 s)\n');
  });

  it('marks a step that fails and lets its error through', async () => {
    const { progress, written } = setUp(false);
    await expect(progress.step('network', () => Promise.reject(new Error('no bridge')))).rejects.toThrow('no bridge');
    expect(written()).toBe('✖ network (0.0 s)\n');
  });

  it('redraws what runs on a terminal, in its width', async () => {
    const { progress, clock, written } = setUp(true);
    await Promise.all([
      progress.step('images', () => clock.advance(100)),
      progress.step('nodes', async (say) => {
        say(`node-1: ${'x'.repeat(100)}`);
        await clock.advance(100);
      }),
    ]);
    expect(written()).toContain('⠋ images\n');
    for (const line of written().split('\n')) expect(line.replace(new RegExp(`${escape}\\[\\d+[AJ]`, 'g'), '').length).toBeLessThanOrEqual(40);
    expect(written()).toMatch(/✔ images \(0\.1 s\)\n$/);
    expect(clock.pendingTimers).toBe(0);
  });
});
