import { admissionregistrationDefaults } from '../admissionregistration/defaults';
import { apiextensionsDefaults } from '../apiextensions/defaults';
import { apiregistrationDefaults } from '../apiregistration/defaults';
import { appsDefaults } from '../apps/defaults';
import { autoscalingDefaults } from '../autoscaling/defaults';
import { batchDefaults } from '../batch/defaults';
import { certificatesDefaults } from '../certificates/defaults';
import { coreDefaults } from '../core/defaults';
import { discoveryDefaults } from '../discovery/defaults';
import { flowcontrolDefaults } from '../flowcontrol/defaults';
import { networkingDefaults } from '../networking/defaults';
import { policyDefaults } from '../policy/defaults';
import { rbacDefaults } from '../rbac/defaults';
import { apiVersionOf } from '../resource-type';
import { resourceDefaults } from '../resource/defaults';
import { schedulingDefaults } from '../scheduling/defaults';
import { storageDefaults } from '../storage/defaults';
import { schemaIdOf } from '../tables/schema-table';
import { type Defaulter, type Defaulters } from './defaulter';
import { normalise } from './normalise';
import { shapePlan } from './shape-plan';

const all: Defaulters = {
  ...admissionregistrationDefaults,
  ...apiextensionsDefaults,
  ...apiregistrationDefaults,
  ...appsDefaults,
  ...autoscalingDefaults,
  ...batchDefaults,
  ...certificatesDefaults,
  ...coreDefaults,
  ...discoveryDefaults,
  ...flowcontrolDefaults,
  ...networkingDefaults,
  ...policyDefaults,
  ...rbacDefaults,
  ...resourceDefaults,
  ...schedulingDefaults,
  ...storageDefaults,
};
const known = new Map<string, Defaulter | undefined>();

function prepare(group: string, version: string, kind: string): Defaulter | undefined {
  const id = schemaIdOf(group, version, kind);
  const plan = id === undefined ? undefined : shapePlan(id);
  const fill = all[`${apiVersionOf({ group, version })}/${kind}`];
  if (plan === undefined) return fill;
  return (object) => {
    normalise(object, plan);
    fill?.(object);
  };
}

/**
 * The function that brings an object of this kind into the form that is stored: drops what says the same as absence, writes
 * quantities and times in the API's form, and fills what the user left out, as upstream's defaulting does. Undefined for kinds that are not built in. It changes
 * the object, which must be the caller's own.
 */
export function defaultsFor(group: string, version: string, kind: string): Defaulter | undefined {
  const key = `${group}/${version}/${kind}`;
  if (!known.has(key)) known.set(key, prepare(group, version, kind));
  return known.get(key);
}
