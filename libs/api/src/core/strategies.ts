import { contentChanged, type KindRules, specChanged } from '../strategy/kind-rules';
import { namespaceRules } from './namespace/strategy';
import { nodeRules } from './node/strategy';
import { persistentVolumeClaimRules } from './persistent-volume-claim/strategy';
import { persistentVolumeRules } from './persistent-volume/strategy';
import { podRules } from './pod/strategy';
import { serviceRules } from './service/strategy';

/** By `<group>/<resource>`. */
export const coreStrategies: Readonly<Record<string, KindRules>> = {
  '/configmaps': {},
  '/endpoints': { createOnUpdate: true },
  '/events': { createOnUpdate: true, ttlSeconds: 3600, defaultPropagation: 'Unsupported' },
  '/limitranges': { createOnUpdate: true },
  '/namespaces': namespaceRules,
  '/nodes': nodeRules,
  '/persistentvolumeclaims': persistentVolumeClaimRules,
  '/persistentvolumes': persistentVolumeRules,
  '/pods': podRules,
  '/podtemplates': { generation: contentChanged, returnsDeleted: true },
  '/replicationcontrollers': { initialStatus: () => ({ replicas: 0 }), generation: specChanged, defaultPropagation: 'Orphan' },
  '/resourcequotas': { initialStatus: () => ({}), returnsDeleted: true },
  '/secrets': {},
  '/serviceaccounts': { returnsDeleted: true },
  '/services': serviceRules,
};
