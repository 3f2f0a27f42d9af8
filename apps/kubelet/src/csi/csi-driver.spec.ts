import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@navarch/component-base';
import { csiv1 } from '@navarch/proto';
import { RpcServer, type ServiceHandlers } from '@navarch/rpc';
import { eventually } from '@navarch/testing';
import { CsiDriver } from './csi-driver';

const { NodeServiceCapability_RPC_Type: Rpc } = csiv1;

describe('what a CSI driver can do', () => {
  let directory: string;
  let server: RpcServer;
  let driver: CsiDriver;
  let asked = 0;
  let answer: () => void;
  const answered = new Promise<void>((resolve) => (answer = resolve));

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'csi-'));
    const socket = join(directory, 'csi.sock');
    server = new RpcServer({ address: `unix://${socket}` }, { log: silentLogger });
    server.add(csiv1.NodeService, {
      ...Object.fromEntries(Object.keys(csiv1.NodeService).map((name) => [name, () => Promise.reject(new Error('not served'))])),
      nodeGetCapabilities: async () => {
        asked++;
        await answered;
        return { capabilities: [{ type: { $case: 'rpc', value: { type: Rpc.STAGE_UNSTAGE_VOLUME } } }] };
      },
    } as unknown as ServiceHandlers<typeof csiv1.NodeService>);
    await server.start();
    driver = new CsiDriver('slow.example', socket);
  });
  afterAll(async () => {
    driver.close();
    await server.stop();
    await rm(directory, { recursive: true });
  });

  it('is waited for by those who have time, and no longer than they have by others', async () => {
    const all = [driver.can('stage'), driver.can('expand')];
    await eventually(() => asked === 1);
    await expect(driver.can('stats', { timeoutMs: 100 })).rejects.toMatchObject({ code: expect.any(Number) as number, message: expect.stringMatching(/deadline/i) as string });
    answer();
    expect(await Promise.all(all)).toEqual([true, false]);
    // The question of the one in a hurry may have reached the driver, or not.
    const before = asked;
    expect(before).toBeLessThanOrEqual(2);
    expect([await driver.can('stats', { timeoutMs: 100 }), asked]).toEqual([false, before]);
  });
});
