import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import { dnsLoad, type DnsLoad, type DnsLoadResult } from '../network/dns-load';
import type { Scenario } from './scenario';

const readyWithinMs = 120_000;
const address = '10.96.123.45';

/** The cluster's DNS, and dnsmasq with the same names, both asked by the same client, one after the other. */
export const dns: Scenario = {
  name: 'dns',
  what: 'answers about Services by UDP',
  run: async (context) => {
    const { root, cluster, sizes, api, signal } = context;
    const { services, questions, clients } = sizes.dns;
    const names = Array.from({ length: services }, (_, index) => `bench-${index}.default.svc.cluster.local`);
    for (let index = 0; index < services; index++) {
      await api.send('POST', '/api/v1/namespaces/default/services', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: `bench-${index}` },
        spec: { ports: [{ port: 80 }] },
      });
    }
    const identity = cluster.pki.component('dns');
    const load = { host: '127.0.0.1', names, count: questions, clients };
    const port = await freeUdpPort();
    const ours = await whileRunning(process.execPath, [
      join(root, 'apps/dns/dist/main.js'), `--apiserver=127.0.0.1:${cluster.port('apiserverGrpc')}`, `--certificate-authority=${identity.ca}`, `--client-certificate=${identity.cert}`, `--client-key=${identity.key}`,
      '--bind-address=127.0.0.1', `--port=${port}`, '--advertise-address=127.0.0.1', '--healthz-port=0', '--upstream=127.0.0.1:1',
    ], { ...load, port }, () => context.quiet(), signal);
    const otherPort = await freeUdpPort();
    const other = await whileRunning(
      'dnsmasq',
      [
        '--keep-in-foreground',
        '--conf-file=/dev/null',
        '--no-resolv',
        '--no-hosts',
        '--bind-interfaces',
        '--listen-address=127.0.0.1',
        `--port=${otherPort}`,
        '--pid-file=',
        ...names.map((name) => `--host-record=${name},${address}`),
      ],
      { ...load, port: otherPort },
      () => context.quiet(),
      signal,
    );
    return [
      {
        scenario: 'dns',
        what: `answers by UDP, ${clients} clients`,
        value: ours.answersPerSecond,
        unit: '/s',
        reference: { what: 'dnsmasq', value: other.answersPerSecond },
        detail: { lost: ours.lost },
      },
      { scenario: 'dns', what: 'p99 of an answer', value: ours.p99Ms, unit: 'ms', reference: { what: 'dnsmasq', value: other.p99Ms } },
    ];
  },
};

async function whileRunning(command: string, args: readonly string[], load: DnsLoad, quiet: () => Promise<void>, signal: AbortSignal): Promise<DnsLoadResult> {
  const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
  const failed = once(child, 'error').then(([error]) => Promise.reject(error instanceof Error ? error : new Error(`${command} cannot be run`)));
  try {
    await Promise.race([untilReady(load, child, signal), failed]);
    await quiet();
    return await dnsLoad(load, signal);
  } finally {
    failed.catch(() => undefined);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.pid !== undefined) await once(child, 'exit');
  }
}

/** Warm, too: the first answers compile what gives them. */
async function untilReady(load: DnsLoad, child: ChildProcess, signal: AbortSignal): Promise<void> {
  const deadline = systemClock.now() + readyWithinMs;
  for (;;) {
    if (child.exitCode !== null) throw new Error('the name server ended');
    const known = await dnsLoad({ ...load, count: load.names.length, clients: 1 }, signal).catch(() => undefined);
    if (known?.lost === 0) break;
    if (systemClock.now() > deadline) throw new Error(`no name server answers on port ${load.port}`);
    await systemClock.sleep(50, signal);
  }
  await dnsLoad({ ...load, count: Math.ceil(load.count / 5) }, signal);
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  socket.close();
  return port;
}
