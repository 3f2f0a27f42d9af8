import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { storagev1 } from '../gen';
import { entries, list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { dnsSubdomain, type Findings, immutable, present, qualifiedName, supported } from '../validation/rules';

type StorageClass = Loose<storagev1.StorageClass>;
type Driver = Loose<storagev1.CSIDriver>;

const specPath = FieldPath.of('spec');
const maxParameters = 512;
const maxParameterBytes = 256 * 1024;

function validateParameters(parameters: Loose<Record<string, string>> | undefined, found: Findings): void {
  const path = FieldPath.of('parameters');
  const all = entries(parameters);
  if (all.length > maxParameters) found.push(fieldErrors.tooLong(path, maxParameters));
  let total = 0;
  for (const [key, value = ''] of all) {
    if (key === '') found.push(fieldErrors.invalid(path, key, 'field can not be empty.'));
    total += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (total > maxParameterBytes) found.push(fieldErrors.tooLong(path, maxParameterBytes));
}

function validateProvisioner(provisioner: string | undefined, found: Findings): void {
  const path = FieldPath.of('provisioner');
  if (present(provisioner, path, found)) qualifiedName(provisioner.toLowerCase(), path, found);
}

const storageClassValidation = contentRules<StorageClass>({
  content(storageClass) {
    const found: Findings = [];
    validateProvisioner(storageClass.provisioner, found);
    validateParameters(storageClass.parameters, found);
    supported(storageClass.reclaimPolicy, ['Delete', 'Retain'], FieldPath.of('reclaimPolicy'), found);
    if (storageClass.volumeBindingMode === undefined) found.push(fieldErrors.required(FieldPath.of('volumeBindingMode')));
    else supported(storageClass.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], FieldPath.of('volumeBindingMode'), found);
    return found;
  },
  change(storageClass, old) {
    const found: Findings = [];
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy'] as const)
      if (!semanticEqual(storageClass[field], old[field])) found.push(fieldErrors.forbidden(FieldPath.of(field), `updates to ${field} are forbidden.`));
    immutable(storageClass.volumeBindingMode, old.volumeBindingMode, FieldPath.of('volumeBindingMode'), found);
    return found;
  },
});

const driverValidation = contentRules<Driver>({
  content({ metadata, spec = {} }) {
    const found: Findings = [];
    const { name = '' } = metadata ?? {};
    if (name.length > 63) found.push(fieldErrors.tooLong(FieldPath.of('metadata', 'name'), 63));
    for (const field of ['attachRequired', 'podInfoOnMount', 'storageCapacity'] as const)
      if (spec[field] === undefined) found.push(fieldErrors.required(specPath.child(field)));
    supported(spec.fsGroupPolicy, ['ReadWriteOnceWithFSType', 'File', 'None'], specPath.child('fsGroupPolicy'), found);
    for (const mode of list(spec.volumeLifecycleModes)) supported(mode, ['Ephemeral', 'Persistent'], specPath.child('volumeLifecycleModes'), found);
    const audiences = new Set<string>();
    list(spec.tokenRequests).forEach(({ audience = '', expirationSeconds }, i) => {
      const at = specPath.child('tokenRequests').index(i);
      if (audiences.has(audience)) found.push(fieldErrors.duplicate(at.child('audience'), audience));
      audiences.add(audience);
      if (expirationSeconds !== undefined && expirationSeconds < 600) found.push(fieldErrors.invalid(at.child('expirationSeconds'), expirationSeconds, 'may not specify a duration less than 10 minutes'));
    });
    return found;
  },
  change({ spec }, { spec: old }) {
    const found: Findings = [];
    for (const field of ['attachRequired', 'volumeLifecycleModes'] as const) immutable(spec?.[field], old?.[field], specPath.child(field), found);
    return found;
  },
});

const attachmentValidation = contentRules<Loose<storagev1.VolumeAttachment>>({
  content({ spec = {} }) {
    const found: Findings = [];
    present(spec.attacher, specPath.child('attacher'), found);
    const { persistentVolumeName, inlineVolumeSpec } = spec.source ?? {};
    if (persistentVolumeName === undefined && !inlineVolumeSpec) found.push(fieldErrors.required(specPath.child('source'), 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'));
    else if (persistentVolumeName !== undefined && inlineVolumeSpec) found.push(fieldErrors.forbidden(specPath.child('source'), 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'));
    if (present(spec.nodeName, specPath.child('nodeName'), found)) dnsSubdomain(spec.nodeName, specPath.child('nodeName'), found);
    return found;
  },
  change({ spec }, { spec: old }) {
    return semanticEqual(spec, old) ? [] : [fieldErrors.invalid(specPath, spec ?? null, 'field is immutable')];
  },
});

const attributesClassValidation = contentRules<Loose<storagev1.VolumeAttributesClass>>({
  content({ driverName, parameters }) {
    const found: Findings = [];
    if (present(driverName, FieldPath.of('driverName'), found)) dnsSubdomain(driverName.toLowerCase(), FieldPath.of('driverName'), found);
    if (entries(parameters).length === 0) found.push(fieldErrors.required(FieldPath.of('parameters'), 'must contain at least one key/value pair'));
    validateParameters(parameters, found);
    return found;
  },
  change(attributes, old) {
    const found: Findings = [];
    for (const field of ['driverName', 'parameters'] as const)
      if (!semanticEqual(attributes[field], old[field])) found.push(fieldErrors.forbidden(FieldPath.of(field), `updates to ${field} are forbidden.`));
    return found;
  },
});

/** By `<group>/<kind>`. */
export const storageValidation: Readonly<Record<string, ContentRules>> = {
  'storage.k8s.io/CSIDriver': driverValidation,
  'storage.k8s.io/StorageClass': storageClassValidation,
  'storage.k8s.io/VolumeAttachment': attachmentValidation,
  'storage.k8s.io/VolumeAttributesClass': attributesClassValidation,
};
