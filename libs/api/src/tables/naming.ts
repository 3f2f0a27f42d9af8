/** What discovery says of a resource besides its verbs. */
export interface ResourceNaming {
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

const all = { categories: ['all'] };
const extension = { categories: ['api-extensions'] };

/**
 * Short names and categories that a server of 1.36 has and the measured table (of 1.20) lacks or says otherwise.
 * By `<group>/<resource>`; they are the same in all versions of a resource.
 */
export const newerNaming: Readonly<Record<string, ResourceNaming>> = {
  'batch/cronjobs': { shortNames: ['cj'], ...all },
  'autoscaling/horizontalpodautoscalers': { shortNames: ['hpa'], ...all },
  'policy/poddisruptionbudgets': { shortNames: ['pdb'] },
  'networking.k8s.io/ipaddresses': { shortNames: ['ip'] },
  'storage.k8s.io/volumeattributesclasses': { shortNames: ['vac'] },
  'admissionregistration.k8s.io/validatingadmissionpolicies': extension,
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': extension,
  'admissionregistration.k8s.io/mutatingadmissionpolicies': extension,
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': extension,
};
