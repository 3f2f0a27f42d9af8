import { type Clock } from '@navarch/clock';
import { SimulatedRuntime, type SimulatedRuntimeOptions } from '../runtime/simulated-runtime';
import type { StateStore } from '../runtime/state-store';
import { SimulatedImageService } from './image-service';
import { SimulatedRuntimeService, type StreamingUrls } from './runtime-service';

export interface SimulatedCriDeps {
  readonly clock: Clock;
  readonly state: StateStore;
  /** Where exec, attach and port-forward are served; without it they are not offered. */
  readonly streaming?: { urlsFor(runtime: SimulatedRuntime): StreamingUrls };
}

/** One simulated node's containers, and CRI's two services over them. */
export class SimulatedCri {
  readonly runtime: SimulatedRuntime;
  readonly runtimeService: SimulatedRuntimeService;
  readonly imageService: SimulatedImageService;

  constructor(options: SimulatedRuntimeOptions, { clock, state, streaming }: SimulatedCriDeps) {
    this.runtime = new SimulatedRuntime(options, { clock, state });
    this.runtimeService = new SimulatedRuntimeService(this.runtime, streaming?.urlsFor(this.runtime), clock);
    this.imageService = new SimulatedImageService(this.runtime, clock);
  }
}
