import { core, type corev1, type KubeObject, type resourcev1 } from '@navarch/api';
import { type FieldError, fieldErrors, FieldPath, invalid } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../../pipeline';

const group = 'resource.k8s.io';
/** What a namespace says, with the value `true`, whose claims may have admin access. */
const LABEL = 'resource.kubernetes.io/admin-access';

/** The first of these that asks for admin access. */
function firstAsking(path: FieldPath, askers: readonly { readonly adminAccess?: boolean }[]): FieldPath | undefined {
  const found = askers.findIndex(({ adminAccess }) => adminAccess === true);
  return found < 0 ? undefined : path.index(found).child('adminAccess');
}

/** Alternatives cannot ask for it. Upstream leaves `exactly`, and the `spec` of a template, out of the path. */
const askedBy = (spec: resourcev1.ResourceClaimSpec | undefined): FieldPath | undefined =>
  firstAsking(FieldPath.of('spec', 'devices', 'requests'), (spec?.devices?.requests ?? []).map(({ exactly }) => exactly ?? {}));

const grantedBy = (claim: KubeObject | undefined): FieldPath | undefined =>
  firstAsking(FieldPath.of('status', 'allocation', 'devices', 'results'), (claim as resourcev1.ResourceClaim | undefined)?.status?.allocation?.devices?.results ?? []);

/** Where a write asks for admin access that was not there before: specs, and allocations once they are made, do not change. */
function newlyAsked({ operation, resource, subresource, object, oldObject }: AdmissionAttributes): FieldPath | undefined {
  if (operation === 'UPDATE') return grantedBy(oldObject) === undefined ? grantedBy(object) : undefined;
  if (subresource !== '') return undefined;
  return askedBy(resource === 'resourceclaims' ? (object as resourcev1.ResourceClaim).spec : (object as resourcev1.ResourceClaimTemplate).spec.spec);
}

/**
 * Admin access to devices goes around whoever uses them: only namespaces that say so have it. Upstream has no plug-in of this name: it
 * does so in the registry (pkg/registry/resource/utils.go, AuthorizedForAdmin and AuthorizedForAdminStatus).
 */
export class DeviceAdminAccess implements AdmissionPlugin {
  readonly name = 'DeviceAdminAccess';

  constructor(private readonly reader: Pick<ObjectReader, 'get' | 'refresh'>) {}

  handles({ operation, group: of, resource, subresource }: WriteSort): boolean {
    if (of !== group) return false;
    if (operation === 'UPDATE') return resource === 'resourceclaims' && subresource === 'status';
    return operation === 'CREATE' && (resource === 'resourceclaims' || resource === 'resourceclaimtemplates');
  }

  validate(attributes: AdmissionAttributes): void | Promise<void> {
    const asked = newlyAsked(attributes);
    if (asked === undefined || this.#fault(attributes.namespace, asked) === undefined) return;
    // Another apiserver may have labelled the namespace (rules 6.2).
    return this.reader.refresh().then(() => {
      const fault = this.#fault(attributes.namespace, asked);
      if (fault !== undefined) throw invalid({ group, kind: attributes.kind }, attributes.name, [fault]);
    });
  }

  #fault(namespace: string, path: FieldPath): FieldError | undefined {
    const found: corev1.Namespace | undefined = this.reader.get(core.namespaces, '', namespace);
    if (found === undefined) return fieldErrors.internal(path, `could not retrieve namespace to verify admin access: namespaces "${namespace}" not found`);
    if (found.metadata.labels?.[LABEL] === 'true') return undefined;
    return fieldErrors.forbidden(path, `admin access to devices requires the \`${LABEL}: true\` label on the containing namespace`);
  }
}
