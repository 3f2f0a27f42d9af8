/** What any implementation of a contract must do, tried from outside. */
export { checkContract, type ContractCase, type ContractResult } from './contract-case';
export { CriClient } from './cri/cri-client';
export { Pod, withPod, type CriCase, type CriSubject } from './cri/contract-pod';
export { criContract } from './cri/cri-contract';
export { streamingContract } from './cri/streaming-contract';
export { dataPlaneContract, type DataPlaneSubject } from './data-plane/data-plane-contract';
export { nodeServiceContract, type NodeServiceSubject } from './node-service/node-service-contract';
export type { Kept } from './object-client/kept-objects';
export { objectClientContract, type ObjectClientSubject } from './object-client/object-client-contract';
export { ObjectServiceDouble } from './object-client/object-service-double';
export { objectServiceContract, type ObjectServiceSubject } from './object-service/object-service-contract';
export { schedulerPluginContract, type SchedulerPluginSubject } from './scheduler-plugin/scheduler-plugin-contract';
