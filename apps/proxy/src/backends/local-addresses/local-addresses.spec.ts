import type { IpFamily } from '@navarch/apimachinery';
import { FakeClock } from '@navarch/clock';
import type { RunCommand } from '../run-command';
import { changeLocal, localNames, type LocalState } from './local-addresses';

const none: LocalState = { addresses: new Set(), open: new Set() };

/** A kernel that makes addresses the node's own when its table of routes is read for the given time. */
function slowKernel(looksUntilOwn: number): { readonly run: RunCommand; readonly asked: string[] } {
  const asked: string[] = [];
  let looks = 0;
  const run: RunCommand = (command, args, input = '') => {
    asked.push([command, ...args, input].join(' ').trim());
    return Promise.resolve(args.includes('route') && ++looks >= looksUntilOwn ? JSON.stringify([{ dst: 'fd00::1' }, { dst: 'ff00::/8' }]) : '');
  };
  return { run, asked };
}

const put = (family: IpFamily, address: string, run: RunCommand, clock: FakeClock): Promise<void> => changeLocal(localNames('user', family), none, { addresses: new Set([address]), open: new Set() }, run, clock);

describe('a new service address', () => {
  it('of IPv6 is waited for until packets to it stay on the node', async () => {
    const clock = new FakeClock();
    const { run, asked } = slowKernel(3);
    const changed = put('IPv6', 'fd00:0::1', run, clock);
    await clock.advance(1_000);
    await changed;
    expect(asked.filter((command) => command === 'ip -6 -j route show table local dev navarch-user6')).toHaveLength(3);
  });

  it('of IPv6 that never becomes the node\'s own is an error that names it', async () => {
    const clock = new FakeClock();
    const changed = expect(put('IPv6', 'fd00::1', slowKernel(Infinity).run, clock)).rejects.toThrow('fd00::1 on navarch-user6 did not become addresses of this node');
    await clock.advance(11_000);
    await changed;
  });

  it('of IPv4 is the node\'s own as soon as the kernel has taken it', async () => {
    const { run, asked } = slowKernel(Infinity);
    await put('IPv4', '10.96.0.1', run, new FakeClock());
    expect(asked.filter((command) => command.includes('route'))).toEqual([]);
  });
});
