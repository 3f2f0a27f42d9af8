import { nodeNetwork } from './node-network';

const headings = 'Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';
const time = '2026-01-01T00:00:00.000Z';

describe('nodeNetwork', () => {
  it('counts the node\'s interfaces, but not its loop and its pods', () => {
    const text = `${headings}    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n  eth0: 1000 10 2 0 0 0 0 0 500 5 1 0 0 0 0 0\nveth12:7 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n   br0: 70 1 0 0 0 0 0 0 80 1 0 0 0 0 0 0\n`;
    const eth0 = { name: 'eth0', rxBytes: 1000, rxErrors: 2, txBytes: 500, txErrors: 1 };
    expect(nodeNetwork(text, time)).toEqual({ time, ...eth0, interfaces: [eth0, { name: 'br0', rxBytes: 70, rxErrors: 0, txBytes: 80, txErrors: 0 }] });
  });

  it('names none as the main one where there is no eth0', () => {
    expect(nodeNetwork(`${headings}  ens5: 1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n`, time)).toEqual({ time, interfaces: [{ name: 'ens5', rxBytes: 1, rxErrors: 0, txBytes: 2, txErrors: 0 }] });
  });
});
