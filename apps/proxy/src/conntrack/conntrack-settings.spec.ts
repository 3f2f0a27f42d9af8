import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@navarch/component-base';
import { applyConntrackSettings } from './apply-conntrack-settings';
import { conntrackSettings, type ConntrackOptions } from './conntrack-settings';

const nothing: ConntrackOptions = { maxPerCore: 0, min: 0, tcpEstablishedMs: 0, tcpCloseWaitMs: 0, tcpBeLiberal: false, udpMs: 0, udpStreamMs: 0 };

describe('connection tracking', () => {
  it.each<[string, Partial<ConntrackOptions>, Record<string, number>]>([
    ['nothing', {}, {}],
    ['a number for each processor', { maxPerCore: 32_768, min: 131_072 }, { nf_conntrack_max: 262_144 }],
    ['at least the least', { maxPerCore: 1, min: 131_072 }, { nf_conntrack_max: 131_072 }],
    ['no limit, whatever the least is', { min: 131_072 }, {}],
    ['times in whole seconds, and packets out of their window', { tcpEstablishedMs: 86_400_000, tcpCloseWaitMs: 3_600_500, tcpBeLiberal: true, udpMs: 30_000, udpStreamMs: 180_000 }, {
      nf_conntrack_tcp_timeout_established: 86_400, nf_conntrack_tcp_timeout_close_wait: 3_600, nf_conntrack_tcp_be_liberal: 1, nf_conntrack_udp_timeout: 30, nf_conntrack_udp_timeout_stream: 180,
    }],
  ])('is asked for: %s', (_reason, options, expected) => {
    expect(Object.fromEntries(conntrackSettings({ ...nothing, ...options }, 8).map(({ name, value }) => [name, value]))).toEqual(expected);
  });

  it('is set where it differs; a larger table stays, and what cannot be set keeps nothing else from it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'conntrack-'));
    const warned: unknown[] = [];
    const log = { info: silentLogger.info.bind(silentLogger), warn: (fields: object) => warned.push((fields as { setting: string }).setting) };
    for (const [name, value] of [['nf_conntrack_max', '500000'], ['nf_conntrack_udp_timeout', '120']]) await writeFile(join(directory, name ?? ''), `${value}\n`);
    await applyConntrackSettings(conntrackSettings({ ...nothing, maxPerCore: 32_768, min: 131_072, tcpCloseWaitMs: 3_600_000, udpMs: 30_000 }, 2), log, directory);
    expect([await readFile(join(directory, 'nf_conntrack_max'), 'utf8'), await readFile(join(directory, 'nf_conntrack_udp_timeout'), 'utf8')]).toEqual(['500000\n', '30']);
    expect(warned).toEqual(['nf_conntrack_tcp_timeout_close_wait']);
    await rm(directory, { recursive: true });
  });
});
