import { kernelRoutes } from './kernel-routes';
import { planRoutes } from './routes';

describe('the route of a range of IPv6 that a node answers for', () => {
  const route = { destination: 'fd00:10:248::1:0/126', via: undefined };
  const both = ['fd00:10:248::1:1', 'fd00:10:248::1:2'];

  /** A kernel that has the route, a network with it, and these answers; what changes something is written down, and what is refused of it rejects. */
  class Kernel {
    readonly changes: string[] = [];
    answers: { dst: string; dev: string }[] = both.map((dst) => ({ dst, dev: 'eth0' }));
    proxyNdp = '1';
    device: string | undefined = 'eth0';
    refused = /^$/;

    readonly routes = kernelRoutes((command, args, input = '') => {
      const asked = [command, ...args].join(' ');
      if (asked === 'ip -6 -j route show table local proto 242') return Promise.resolve(JSON.stringify([{ type: 'local', dst: route.destination, dev: 'lo', flags: [] }]));
      if (asked.includes('route show match')) return Promise.resolve(JSON.stringify(this.device === undefined ? [] : [{ dst: 'fd00:10:248::/64', dev: this.device }]));
      if (asked.includes('neigh show proxy')) return Promise.resolve(JSON.stringify(this.answers));
      if (asked.startsWith('sysctl -n') && !this.refused.test(asked)) return Promise.resolve(`${this.proxyNdp}\n`);
      if (asked.includes(' show ')) return Promise.resolve('[]');
      const change = input === '' ? asked : input.trim().replaceAll('\n', ', ');
      if (this.refused.test(change)) return Promise.reject(new Error('refused'));
      this.changes.push(change);
      return Promise.resolve('');
    });

    async plan(wanted: boolean): Promise<string[]> {
      return planRoutes(await this.routes.read(() => true), wanted ? [route] : []).map(({ kind }) => kind);
    }
  }

  it.each<[string, Partial<Kernel>, string[]]>([
    ['all neighbours are answered', {}, []],
    ['an answer is gone', { answers: [{ dst: 'fd00:10:248::1:1', dev: 'eth0' }] }, ['replace']],
    ['the answers were for another device', { answers: both.map((dst) => ({ dst, dev: 'eth1' })) }, ['replace']],
    ['the device came anew, and answers for nobody', { proxyNdp: '0' }, ['replace']],
    ['no network of the node has the range', { device: undefined, answers: [] }, []],
  ])('is looked after when %s', async (_when, has, expected) => {
    const kernel = Object.assign(new Kernel(), has);
    expect([await kernel.plan(true), await kernel.plan(false)]).toEqual([expected, ['delete']]);
  });

  it('is put there anew when nobody can tell what is answered, so that it shows what is wrong', async () => {
    const kernel = new Kernel();
    kernel.refused = /^sysctl/;
    expect(await kernel.plan(true)).toEqual(['replace']);
    await expect(kernel.routes.carryOut({ kind: 'replace', route })).rejects.toThrow('refused');
  });

  it('is there before any neighbour is answered', async () => {
    const kernel = new Kernel();
    await kernel.routes.carryOut({ kind: 'replace', route });
    expect(kernel.changes).toEqual([expect.stringContaining('route replace local'), expect.stringContaining('proxy_ndp=1'), both.map((address) => `neigh replace proxy ${address} dev eth0`).join(', ')]);
  });

  it('goes when the answers are gone, so that taking them back is tried again', async () => {
    const kernel = new Kernel();
    kernel.refused = /^neigh del/;
    await expect(kernel.routes.carryOut({ kind: 'delete', route })).rejects.toThrow('refused');
    expect(kernel.changes).toEqual([]);
    kernel.refused = /^$/;
    await kernel.routes.carryOut({ kind: 'delete', route });
    expect(kernel.changes).toEqual([both.map((address) => `neigh del proxy ${address} dev eth0`).join(', '), expect.stringContaining('route del local')]);
  });
});
