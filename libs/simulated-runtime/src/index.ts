/** A container runtime that simulates its containers, to be served over CRI or called where it is. */
export { CriError } from './cri-error';
export { callMethod, type MethodsOf } from './cri/methods';
export { SimulatedCri, type SimulatedCriDeps } from './cri/simulated-cri';
export { type SimulatedRuntimeOptions } from './runtime/simulated-runtime';
export { StateDirectory } from './runtime/state-directory';
export { noStateStore, type StateStore } from './runtime/state-store';
export { podCidrsOf } from './split-cidr';
export { StreamingServer } from './streaming/streaming-server';
