import { FakeClock } from '@navarch/clock';
import type { ClientLog } from '../log';
import { RemoteApiClient } from '../remote-api-client';
import { SharedInformers } from '../shared-informers';
import { SimulatedApi } from './simulated-api';
import { SimulatedTransport } from './simulated-transport';

const nothing = (): void => undefined;
export const silentLog: ClientLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** An API in memory with the real client and informers on it: for the tests of whatever uses those. */
export class SimulatedCluster {
  readonly clock: FakeClock;
  readonly api: SimulatedApi;
  readonly transport: SimulatedTransport;
  readonly informers: SharedInformers;
  readonly client: RemoteApiClient;

  /** Another process on the same API brings its own caches and connection. */
  constructor(clock = new FakeClock(), log: ClientLog = silentLog, api = new SimulatedApi(clock)) {
    this.clock = clock;
    this.api = api;
    this.transport = new SimulatedTransport(this.api);
    this.informers = new SharedInformers({ transport: this.transport, clock, log, random: () => 0.5 });
    this.client = new RemoteApiClient({ fieldManager: 'test' }, { transport: this.transport, clock, log, observer: this.informers });
  }

  async start(): Promise<void> {
    await this.informers.start();
    await this.clock.settle();
    await this.informers.waitForSync();
  }

  /** Lets everything that needs no time happen: what follows a write has as many turns as what came before it, however busy the machine is. */
  async settle(): Promise<void> {
    let { version } = this.api;
    for (let quiet = 0; quiet < 10; quiet++) {
      await this.clock.settle();
      if (this.api.version === version) continue;
      version = this.api.version;
      quiet = 0;
    }
  }

  async stop(): Promise<void> {
    await this.client.stop();
    this.transport.cut();
    await this.informers.stop();
  }
}
