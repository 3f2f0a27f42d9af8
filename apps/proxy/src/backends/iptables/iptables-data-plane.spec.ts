import { CommandFailure } from '../run-command';
import { iptables } from './iptables-data-plane';

describe('the data plane of iptables', () => {
  /** @param codes what iptables' questions end with, by the option that asks */
  const isThere = (codes: Readonly<Record<string, number>>): Promise<boolean> | undefined => {
    const run = (command: string, args: readonly string[]): Promise<string> => {
      const code = args.map((arg) => codes[arg]).find((known) => known !== undefined) ?? 0;
      return code === 0 ? Promise.resolve('') : Promise.reject(new CommandFailure(`${command} failed with ${code}`, code));
    };
    return iptables.create({ family: 'IPv4', clusterCidrs: [], nodePortAddresses: undefined, run }).isThere?.();
  };

  it.each<[string, Readonly<Record<string, number>>, boolean]>([
    ['there', {}, true],
    ['gone when a jump is', { '-C': 1 }, false],
    ['gone when the chain that a jump leads to is', { '-C': 2, '-S': 1 }, false],
  ])('takes its rules for %s', async (_what, codes, expected) => {
    expect(await isThere(codes)).toBe(expected);
  });

  it.each<[string, Readonly<Record<string, number>>, number]>([
    ['another program holds the lock', { '-C': 4 }, 4],
    ['the chain is there and the question is refused', { '-C': 2 }, 2],
    ['the lock is taken between two questions', { '-C': 2, '-S': 4 }, 2],
  ])('does not take its rules for gone when %s', async (_when, codes, code) => {
    await expect(isThere(codes)).rejects.toThrow(`iptables failed with ${code}`);
  });
});
