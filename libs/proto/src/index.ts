/** The contracts between Navarch's components, generated from `proto/` by `npm run generate`. */
export * as changev1 from './gen/navarch/change/v1/change';
export * as containerdeventsv1 from './gen/containerd/events/v1/events';
export * as csiv1 from './gen/csi/v1/csi';
export * as devicepluginv1beta1 from './gen/deviceplugin/v1beta1/deviceplugin';
export * as drav1 from './gen/dra/v1/dra';
export * as drahealthv1 from './gen/drahealth/v1/drahealth';
export * as identityv1 from './gen/navarch/identity/v1/identity';
export * as kmsv2 from './gen/kms/v2/kms';
export * as nodev1 from './gen/navarch/node/v1/node';
export * as objectv1 from './gen/navarch/object/v1/object';
export * as pluginregistrationv1 from './gen/pluginregistration/v1/pluginregistration';
export * as podresourcesv1 from './gen/podresources/v1/podresources';
export * as proxyv1 from './gen/navarch/proxy/v1/dataplane';
export * as schedulerv1 from './gen/navarch/scheduler/v1/plugin';
export * as runtimev1 from './gen/runtime/v1/runtime';
export { readDescriptors } from './descriptors';
export { MessagePacker, packed, type PackedType } from './message-packer';
