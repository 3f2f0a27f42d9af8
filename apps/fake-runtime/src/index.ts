/** A container runtime that simulates its containers. */
export { CriServer, type CriServerDeps, type CriServerOptions } from './cri-server';
export { SimulatedRuntime } from './runtime/simulated-runtime';
export { StateDirectory } from './runtime/state-directory';
export { noStateStore, type StateStore } from './runtime/state-store';
