/** The contracts between Navarch's components, generated from `proto/` by `npm run generate`. */
export * as changev1 from './gen/navarch/change/v1/change';
export * as identityv1 from './gen/navarch/identity/v1/identity';
export * as nodev1 from './gen/navarch/node/v1/node';
export * as objectv1 from './gen/navarch/object/v1/object';
export * as proxyv1 from './gen/navarch/proxy/v1/dataplane';
export * as schedulerv1 from './gen/navarch/scheduler/v1/plugin';
export * as runtimev1 from './gen/runtime/v1/runtime';
export { readDescriptors } from './descriptors';
