import { serviceUnavailable, timeout } from '@navarch/apimachinery';
import fc from 'fast-check';
import type { ControllerConfig } from '../config';
import type { ControllerContext } from '../context';
import type { RunningController } from '../running-controller';
import { ControllerWorld } from './controller-world';

/** What may befall a controller-manager and its cluster. */
export type Fault = 'back' | 'cut' | 'forth' | 'kill' | 'kubelets' | 'lag' | 'lost' | 'refuse' | 'time' | 'timeout';

export const faults = fc.array(fc.constantFrom<Fault>('kubelets', 'kubelets', 'time', 'kill', 'lag', 'refuse', 'timeout', 'lost', 'cut', 'back', 'forth'), { minLength: 4, maxLength: 14 });
/** A controller-manager that can be killed: its successor finds what it left behind. */
export class Leaders {
  world: ControllerWorld;
  readonly #create: readonly ((context: ControllerContext) => RunningController)[];
  readonly #config: Partial<ControllerConfig>;

  constructor(create: readonly ((context: ControllerContext) => RunningController)[], config: Partial<ControllerConfig> = {}) {
    this.#create = create;
    this.#config = config;
    this.world = new ControllerWorld(config);
  }

  start(): Promise<void> {
    return this.world.run(...this.#create);
  }

  async befall(fault: Fault): Promise<void> {
    const { world } = this;
    if (fault === 'kubelets') world.runPods();
    if (fault === 'back') world.clock.jump(-3_600_000);
    if (fault === 'forth') world.clock.jump(3_600_000);
    if (fault === 'time') await world.clock.advance(20_000);
    if (fault === 'cut') world.transport.cut();
    if (fault === 'kill') {
      await world.stop();
      this.world = new ControllerWorld(this.#config, world);
      // Metrics are measured on, whoever asks for them.
      for (const [name, values] of world.metrics.pod) this.world.metrics.pod.set(name, values);
      await this.start();
    }
    // Caches stand still until the next such fault.
    if (fault === 'lag' && !world.transport.paused) world.transport.paused = true;
    else if (fault === 'lag') world.transport.resume();
    if (fault === 'refuse' || fault === 'timeout' || fault === 'lost') this.#failWrites(3, fault);
    await this.world.clock.advance(100);
    await this.world.settle();
  }

  /** Nothing is broken any more, and all has come to rest. */
  async recover(): Promise<void> {
    this.world.transport.beforeWrite = undefined;
    this.world.transport.afterWrite = undefined;
    this.world.transport.resume();
    for (let turn = 0; turn < 4; turn++) {
      await this.world.clock.advance(60_000);
      await this.world.untilQuiet();
    }
  }

  #failWrites(count: number, fault: Fault): void {
    let left = count;
    const fail = (): void => {
      if (left-- > 0) throw fault === 'refuse' ? serviceUnavailable('not now') : timeout('lost');
    };
    if (fault === 'lost') this.world.transport.afterWrite = fail;
    else this.world.transport.beforeWrite = fail;
  }
}
