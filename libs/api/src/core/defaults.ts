import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { defaultEndpoints } from './endpoints/defaults';
import { defaultLimitRange } from './limit-range/defaults';
import { defaultNamespace } from './namespace/defaults';
import { defaultNode } from './node/defaults';
import { defaultPersistentVolume } from './persistent-volume/defaults';
import { defaultPersistentVolumeClaim } from './persistent-volume-claim/defaults';
import { defaultPod, defaultPodTemplateObject } from './pod/defaults';
import { defaultReplicationController } from './replication-controller/defaults';
import { defaultSecret } from './secret/defaults';
import { defaultService } from './service/defaults';

export const coreDefaults: Defaulters = {
  'v1/Endpoints': defaulter(defaultEndpoints),
  'v1/LimitRange': defaulter(defaultLimitRange),
  'v1/Namespace': defaulter(defaultNamespace),
  'v1/Node': defaulter(defaultNode),
  'v1/PersistentVolume': defaulter(defaultPersistentVolume),
  'v1/PersistentVolumeClaim': defaulter(defaultPersistentVolumeClaim),
  'v1/Pod': defaulter(defaultPod),
  'v1/PodTemplate': defaulter(defaultPodTemplateObject),
  'v1/ReplicationController': defaulter(defaultReplicationController),
  'v1/Secret': defaulter(defaultSecret),
  'v1/Service': defaulter(defaultService),
};
