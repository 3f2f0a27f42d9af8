import { availableParallelism } from 'node:os';
import { Layout } from '../cluster/layout';
import type { ClusterSettings } from '../cluster/settings';
import { etcdSpec, natsSpec } from './backing-services';

const settings: ClusterSettings = {
  name: 'a', runtime: 'simulated', nodes: 1, subnet: 1, podCidr: '10.244.0.0/16',
  ports: {
    apiserver: 1, apiserverGrpc: 2, etcdClient: 3, etcdPeer: 4, nats: 5, natsMonitor: 6, controllerManager: 7, scheduler: 8, dns: 9, dnsHealth: 10,
    networkAgent: 11, metricsServer: 12, metricsServerHealth: 13, localPath: 14, simulatedNodes: 15,
  },
  extraFlags: { etcd: ['--snapshot-count=5000'] },
};

const context = { layout: new Layout('a', '/base'), settings, root: '/root' };

describe('what shares the machine with those who ask it', () => {
  const { GOMAXPROCS: before } = process.env;
  afterEach(() => {
    if (before === undefined) delete process.env['GOMAXPROCS'];
    else process.env['GOMAXPROCS'] = before;
  });

  it.each([etcdSpec, natsSpec])('has threads for half of the cores, or as many as the user says', (specOf) => {
    delete process.env['GOMAXPROCS'];
    const threads = Number(specOf(context).env?.['GOMAXPROCS']);
    expect(threads).toBeGreaterThanOrEqual(1);
    expect(threads).toBeLessThanOrEqual(Math.max(1, availableParallelism() / 2));
    process.env['GOMAXPROCS'] = '7';
    expect(specOf(context).env?.['GOMAXPROCS']).toBe('7');
  });
});

describe('the etcd of a cluster', () => {
  const { args } = etcdSpec(context);

  it('has room for 8 GiB and takes requests of 8 MiB, so that the API\'s own limits are the ones that users meet', () => {
    expect(args).toEqual(expect.arrayContaining(['--quota-backend-bytes=8589934592', '--max-request-bytes=8388608']));
  });

  it('compacts nothing by itself: when, is decided where the watch is', () => {
    expect(args.filter((argument) => argument.startsWith('--auto-compaction'))).toEqual([]);
  });

  it('lets nobody in without a certificate, and takes flags of the user\'s last', () => {
    expect(args).toContain('--client-cert-auth');
    expect(args.at(-1)).toBe('--snapshot-count=5000');
  });
});
