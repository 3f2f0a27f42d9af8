import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { runtimev1 } from '@navarch/proto';
import { SimulatedCri, type SimulatedCriDeps, type SimulatedRuntimeOptions } from '@navarch/simulated-runtime';
import { serveMethods } from './serve-methods';

export interface CriServerOptions extends Omit<SimulatedRuntimeOptions, 'writesLogs'> {
  /** Path of the unix socket, with or without `unix://`. */
  readonly endpoint: string;
}

export interface CriServerDeps extends SimulatedCriDeps {
  readonly onError: (error: unknown) => void;
}

/** One simulated node's runtime on its own unix socket; a process may hold any number. */
export class CriServer {
  readonly name: string;
  readonly cri: SimulatedCri;
  readonly #path: string;
  #server: Server | undefined;

  constructor(
    options: CriServerOptions,
    private readonly deps: CriServerDeps,
  ) {
    this.#path = options.endpoint.replace(/^unix:(\/\/)?/, '');
    this.name = `cri ${this.#path}`;
    this.cri = new SimulatedCri({ ...options, writesLogs: true }, deps);
  }

  async start(): Promise<void> {
    if (this.#server) return;
    const { onError } = this.deps;
    const { runtime, runtimeService, imageService } = this.cri;
    runtime.restore();
    const server = new Server({ 'grpc.max_receive_message_length': 16 << 20, 'grpc.max_send_message_length': 64 << 20 });
    this.#server = server;
    server.addService(runtimev1.RuntimeServiceService, serveMethods<runtimev1.RuntimeServiceServer>(runtimev1.RuntimeServiceService, runtimeService, onError));
    server.addService(runtimev1.ImageServiceService, serveMethods<runtimev1.ImageServiceServer>(runtimev1.ImageServiceService, imageService, onError));
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
    this.cri.runtime.close();
    rmSync(this.#path, { force: true });
    return Promise.resolve();
  }
}
