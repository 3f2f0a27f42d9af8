import { type ContentRules } from './kind-validation';
import { anyName, cronJobName, pathSegmentName } from './name-rules';

/** By `<group>/<kind>`. */
export const otherValidation: Readonly<Record<string, ContentRules>> = {
  'batch/CronJob': { name: cronJobName },
  'certificates.k8s.io/CertificateSigningRequest': { name: anyName },
  'policy/PodDisruptionBudget': { name: pathSegmentName },
  'rbac.authorization.k8s.io/ClusterRole': { name: pathSegmentName },
  'rbac.authorization.k8s.io/ClusterRoleBinding': { name: pathSegmentName },
  'rbac.authorization.k8s.io/Role': { name: pathSegmentName },
  'rbac.authorization.k8s.io/RoleBinding': { name: pathSegmentName },
};
