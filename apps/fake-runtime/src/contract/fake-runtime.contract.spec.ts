import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CriClient, criContract, type CriSubject, streamingContract } from '@navarch/contract-kit';
import { systemClock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';

import { noStateStore, StreamingServer } from '@navarch/simulated-runtime';
import { CriServer } from '../cri-server';

describe('CRI contract: the simulated runtime', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nv-cri-'));
  const endpoint = `unix://${join(folder, 'cri.sock')}`;
  const image = 'navarch.local/web:1';
  const errors: unknown[] = [];
  const onError = (error: unknown): void => {
    errors.push(error);
  };
  const streaming = new StreamingServer({ clock: systemClock, onError });
  const server = new CriServer(
    { endpoint, podCidr: '10.244.3.0/24', startDelayMs: 0 },
    { clock: systemClock, state: noStateStore, streaming, onError },
  );
  let subject: CriSubject;

  beforeAll(async () => {
    await streaming.start();
    await server.start();
    const client = new CriClient(endpoint);
    await client.callImage('pullImage', { image: runtimev1.ImageSpec.fromPartial({ image }), auth: undefined, sandboxConfig: undefined });
    subject = { client, logRoot: join(folder, 'logs'), image, pulledImage: 'navarch.local/pulled:1', sandboxLinux: runtimev1.LinuxPodSandboxConfig.fromPartial({}) };
  });

  afterAll(async () => {
    subject.client.close();
    await server.stop();
    await streaming.stop();
    rmSync(folder, { recursive: true, force: true });
    expect(errors).toEqual([]);
  });

  it.each([...criContract, ...streamingContract].filter(({ needs }) => needs !== 'host-network'))('$name', async ({ run }) => {
    await expect(run(subject)).resolves.toBeUndefined();
  });
});
