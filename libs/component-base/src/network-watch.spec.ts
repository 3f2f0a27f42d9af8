import { FakeClock } from '@navarch/clock';
import { NetworkWatch } from './network-watch';

describe('NetworkWatch', () => {
  const watch = () => {
    const clock = new FakeClock();
    const failures: unknown[] = [];
    const state = { connected: true };
    return { clock, failures, state, watch: new NetworkWatch({ clock, fail: (error) => failures.push(error), connected: () => state.connected }) };
  };

  it('ends the process when the interfaces are gone', async () => {
    const { clock, failures, state, watch: it } = watch();
    await it.start();
    await clock.advance(5_000);
    expect(failures).toEqual([]);
    state.connected = false;
    await clock.advance(1_000);
    expect(String(failures[0])).toContain('its owner is gone');
    await clock.advance(5_000);
    expect(failures).toHaveLength(1);
  });

  it('waits for a network that is not there yet, but not for one that never comes', async () => {
    const { clock, failures, state, watch: it } = watch();
    state.connected = false;
    await it.start();
    await clock.advance(15_000);
    expect(failures).toEqual([]);
    await clock.advance(5_000);
    expect(failures).toHaveLength(1);
  });

  it('goes on once the network has come, however long it has been there', async () => {
    const { clock, failures, state, watch: it } = watch();
    state.connected = false;
    await it.start();
    await clock.advance(10_000);
    state.connected = true;
    await clock.advance(60_000);
    expect(failures).toEqual([]);
    await it.stop();
  });
});
