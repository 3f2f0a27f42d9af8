import { fieldErrors, FieldPath, formatQuantity, immutableMessage, type LabelSelector, validateLabelSelector } from '@navarch/apimachinery';
import type { storagev1 } from '../gen';
import { entries, list } from '../support/list';
import { type Loose } from '../support/loose';
import { omit } from '../support/omit';
import { readQuantity } from '../support/quantity';
import { semanticEqual } from '../support/semantic-equal';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { dnsSubdomain, type Findings, immutable, negativeMessage, present, qualifiedName, sorted, supported } from '../validation/rules';

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

/** Where volumes may be made: each place said once. */
function validateTopologies(terms: StorageClass['allowedTopologies'], found: Findings): void {
  const seen: Record<string, string[]>[] = [];
  list(terms).forEach((term, i) => {
    const path = FieldPath.of('allowedTopologies').index(i).child('matchLabelExpressions');
    const places: Record<string, string[]> = {};
    list(term.matchLabelExpressions).forEach(({ key = '', values }, e) => {
      const at = path.index(e);
      const all = list(values);
      if (all.length === 0) found.push(fieldErrors.required(at.child('values')));
      all.forEach((value, v) => {
        if (all.indexOf(value) !== v) found.push(fieldErrors.duplicate(at.child('values').index(v), value));
      });
      qualifiedName(key, at.child('key'), found);
      if (Object.hasOwn(places, key)) found.push(fieldErrors.duplicate(at.child('key'), key));
      places[key] = sorted(new Set(all));
    });
    if (seen.some((other) => semanticEqual(other, places))) found.push(fieldErrors.duplicate(path, ''));
    seen.push(places);
  });
}

const storageClassValidation = contentRules<StorageClass>({
  content(storageClass) {
    const found: Findings = [];
    validateProvisioner(storageClass.provisioner, found);
    validateParameters(storageClass.parameters, found);
    supported(storageClass.reclaimPolicy, ['Delete', 'Retain'], FieldPath.of('reclaimPolicy'), found);
    if (storageClass.volumeBindingMode === undefined) found.push(fieldErrors.required(FieldPath.of('volumeBindingMode')));
    else supported(storageClass.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], FieldPath.of('volumeBindingMode'), found);
    validateTopologies(storageClass.allowedTopologies, found);
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

type NodeDriver = Loose<storagev1.CSINodeDriver>;

const maxDriverName = 63;
/** Upstream's limit on what a driver calls a node. */
const maxNodeId = 256;

function validateDriverName(name: string | undefined, path: FieldPath, found: Findings): void {
  if (!present(name, path, found)) return;
  if (name.length > maxDriverName) found.push(fieldErrors.tooLong(path, maxDriverName));
  dnsSubdomain(name.toLowerCase(), path, found);
}

function validateNodeDriver({ name, nodeID, allocatable, topologyKeys }: NodeDriver, path: FieldPath, found: Findings): void {
  validateDriverName(name, path.child('name'), found);
  if (present(nodeID, path.child('nodeID'), found) && nodeID.length > maxNodeId)
    found.push(fieldErrors.invalid(path.child('nodeID'), nodeID, `must be ${maxNodeId} characters or less`));
  if (allocatable?.count !== undefined && allocatable.count < 0) found.push(fieldErrors.invalid(path.child('allocatable', 'count'), allocatable.count, negativeMessage));
  const keys = new Set<string>();
  list(topologyKeys).forEach((key) => {
    const at = path.child('topologyKeys');
    if (keys.has(key)) found.push(fieldErrors.duplicate(at, key));
    keys.add(key);
    if (present(key, at, found)) qualifiedName(key, at, found);
  });
}

const nodeDriversValidation = contentRules<Loose<storagev1.CSINode>>({
  content({ spec }) {
    const found: Findings = [];
    const path = specPath.child('drivers');
    const names = new Set<string>();
    list(spec?.drivers).forEach((driver, i) => {
      const at = path.index(i);
      validateNodeDriver(driver, at, found);
      const { name = '' } = driver;
      if (names.has(name)) found.push(fieldErrors.duplicate(at.child('name'), name));
      names.add(name);
    });
    return found;
  },
  /** A driver that is there stays as it is, but for how many volumes it can take. */
  change({ spec }, { spec: old }) {
    const found: Findings = [];
    list(spec?.drivers).forEach((driver, i) => {
      const before = list(old?.drivers).find(({ name }) => name === driver.name);
      if (before && !semanticEqual(omit(driver, 'allocatable'), omit(before, 'allocatable')))
        found.push(fieldErrors.invalid(specPath.child('drivers').index(i), driver, immutableMessage));
    });
    return found;
  },
});

const capacityValidation = contentRules<Loose<storagev1.CSIStorageCapacity>>({
  content({ storageClassName, nodeTopology, capacity, maximumVolumeSize }) {
    const found: Findings = [];
    if (present(storageClassName, FieldPath.of('storageClassName'), found)) dnsSubdomain(storageClassName, FieldPath.of('storageClassName'), found);
    found.push(...validateLabelSelector(nodeTopology as LabelSelector | undefined, FieldPath.of('nodeTopology')));
    for (const [field, text] of [['capacity', capacity], ['maximumVolumeSize', maximumVolumeSize]] as const) {
      const quantity = readQuantity(text);
      if (quantity !== undefined && quantity.nanos < 0n) found.push(fieldErrors.invalid(FieldPath.of(field), formatQuantity(quantity), negativeMessage));
    }
    return found;
  },
  change(capacity, old) {
    const found: Findings = [];
    for (const field of ['nodeTopology', 'storageClassName'] as const) immutable(capacity[field], old[field], FieldPath.of(field), found);
    return found;
  },
});

/** By `<group>/<kind>`. */
export const storageValidation: Readonly<Record<string, ContentRules>> = {
  'storage.k8s.io/CSIDriver': driverValidation,
  'storage.k8s.io/CSINode': nodeDriversValidation,
  'storage.k8s.io/CSIStorageCapacity': capacityValidation,
  'storage.k8s.io/StorageClass': storageClassValidation,
  'storage.k8s.io/VolumeAttachment': attachmentValidation,
  'storage.k8s.io/VolumeAttributesClass': attributesClassValidation,
};
