/** An API in memory, for tests of what uses the client. */
export { SimulatedCluster, silentLog } from './simulated-cluster';
export { SimulatedApi, type SimulatedEvent } from './simulated-api';
export { SimulatedTransport } from './simulated-transport';
export { simulatedHandlers, SimulatedServer } from './simulated-server';
export { SimulatedBus, SimulatedPublisher, type SimulatedMessage } from './simulated-bus';
