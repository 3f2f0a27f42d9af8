/** Serves a simulated container runtime over CRI. */
export { CriServer, type CriServerDeps, type CriServerOptions } from './cri-server';
