import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkContract, CriClient, criContract, type CriSubject, streamingContract } from '@navarch/contract-kit';
import { systemClock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';
import { noStateStore, StreamingServer } from '@navarch/simulated-runtime';
import { CriServer } from '../cri-server';
import { asCrio } from './crio-double';
import { RuntimeInFront } from './runtime-in-front';

describe('CRI contract: a runtime that differs as CRI-O does', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nv-crio-'));
  const [behind, endpoint] = [`unix://${join(folder, 'behind.sock')}`, `unix://${join(folder, 'crio.sock')}`];
  const image = 'navarch.local/web:1';
  const onError = (error: unknown): void => {
    throw error;
  };
  const streaming = new StreamingServer({ clock: systemClock, onError });
  const server = new CriServer({ endpoint: behind, podCidr: '10.244.4.0/24', startDelayMs: 0 }, { clock: systemClock, state: noStateStore, streaming, onError });
  const crio = new RuntimeInFront(endpoint, behind, asCrio);
  let subject: CriSubject;

  beforeAll(async () => {
    await streaming.start();
    await server.start();
    await crio.start();
    const client = new CriClient(endpoint);
    await client.callImage('pullImage', { image: runtimev1.ImageSpec.fromPartial({ image }), auth: undefined, sandboxConfig: undefined });
    subject = { client, logRoot: join(folder, 'logs'), image, pulledImage: 'navarch.local/pulled:1', sandboxLinux: runtimev1.LinuxPodSandboxConfig.fromPartial({}) };
  });

  afterAll(async () => {
    subject.client.close();
    crio.stop();
    await server.stop();
    await streaming.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([...criContract, ...streamingContract].filter(({ needs }) => needs === undefined || needs === 'addresses' || needs === 'pulls'))('$name', async ({ run }) => {
    await expect(run(subject)).resolves.toBeUndefined();
  });

  it('says by the kit that it has no events, where they are asked for', async () => {
    const events = criContract.filter(({ needs }) => needs === 'events');
    const results = await checkContract(events, subject, { offers: ['events'], tell: () => undefined });
    expect(results).toEqual([expect.objectContaining({ outcome: 'fails', why: expect.stringContaining('pod events are not enabled') as string })]);
  });
});
