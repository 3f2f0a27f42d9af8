import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

import { Server, ServerCredentials } from '@grpc/grpc-js';
import { type Clock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';

import { SimulatedImageService } from './cri/image-service';
import { SimulatedRuntimeService, type StreamingUrls } from './cri/runtime-service';
import { serveMethods } from './cri/serve-methods';
import type { StateStore } from './runtime/state-store';
import { SimulatedRuntime } from './runtime/simulated-runtime';

export interface CriServerOptions {
  /** Path of the unix socket, with or without `unix://`. */
  readonly endpoint: string;
  readonly podCidr: string;
  readonly startDelayMs: number;
}

export interface CriServerDeps {
  readonly clock: Clock;
  readonly state: StateStore;
  /** Where exec, attach and port-forward are served; without it they are not offered. */
  readonly streaming?: { urlsFor(runtime: SimulatedRuntime): StreamingUrls };
  readonly onError: (error: unknown) => void;
}

/** One simulated node's runtime on its own unix socket; a process may hold any number. */
export class CriServer {
  readonly name: string;
  readonly runtime: SimulatedRuntime;
  readonly #path: string;
  #server: Server | undefined;

  constructor(
    options: CriServerOptions,
    private readonly deps: CriServerDeps,
  ) {
    this.#path = options.endpoint.replace(/^unix:(\/\/)?/, '');
    this.name = `cri ${this.#path}`;
    this.runtime = new SimulatedRuntime({ podCidr: options.podCidr, startDelayMs: options.startDelayMs }, { clock: deps.clock, state: deps.state });
  }

  async start(): Promise<void> {
    if (this.#server) return;
    const { clock, onError } = this.deps;
    this.runtime.restore();
    const server = new Server({ 'grpc.max_receive_message_length': 16 << 20, 'grpc.max_send_message_length': 64 << 20 });
    this.#server = server;
    const runtimeService = new SimulatedRuntimeService(this.runtime, this.deps.streaming?.urlsFor(this.runtime), clock);
    server.addService(runtimev1.RuntimeServiceService, serveMethods<runtimev1.RuntimeServiceServer>(runtimev1.RuntimeServiceService, runtimeService, onError));
    server.addService(
      runtimev1.ImageServiceService,
      serveMethods<runtimev1.ImageServiceServer>(runtimev1.ImageServiceService, new SimulatedImageService(this.runtime, clock), onError),
    );
    mkdirSync(dirname(this.#path), { recursive: true });
    // A socket that a former process left behind would refuse the bind.
    rmSync(this.#path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix:${this.#path}`, ServerCredentials.createInsecure(), (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  stop(): Promise<void> {
    this.#server?.forceShutdown();
    this.#server = undefined;
    this.runtime.close();
    rmSync(this.#path, { force: true });
    return Promise.resolve();
  }
}
