import { fieldErrors, FieldPath, formatQuantity, immutableMessage } from '@navarch/apimachinery';
import { formerNodeLabels, nodeSelectorWarnings } from '../core/node/former-labels';
import { validateInlineVolumeSpec } from '../core/persistent-volume/validation';
import { validateDriverName } from '../core/volume-sources/csi';
import type { storagev1 } from '../gen';
import { entries, list } from '../support/list';
import { type Loose } from '../support/loose';
import { omit } from '../support/omit';
import { readQuantity } from '../support/quantity';
import { semanticEqual } from '../support/semantic-equal';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { dnsSubdomain, type Findings, immutable, negativeMessage, present, qualifiedName, sorted, supported } from '../validation/rules';
import { selectorFaults } from '../validation/selector-faults';

type StorageClass = Loose<storagev1.StorageClass>;
type Driver = Loose<storagev1.CSIDriver>;

const specPath = FieldPath.of('spec');
const maxParameters = 512;
const maxParameterBytes = 256 * 1024;

function validateParameters(parameters: Loose<Record<string, string>> | undefined, found: Findings): void {
  const path = FieldPath.of('parameters');
  const all = entries(parameters);
  if (all.length > maxParameters) {
    found.push(fieldErrors.tooLong(path, maxParameters));
    return;
  }
  let total = 0;
  for (const [key, value = ''] of all) {
    if (key === '') found.push(fieldErrors.invalid(path, key, 'field can not be empty.'));
    total += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (total > maxParameterBytes) found.push(fieldErrors.tooLong(path, maxParameterBytes));
}

function validateProvisioner(provisioner: string | undefined, path: FieldPath, found: Findings): void {
  if (present(provisioner, path, found)) qualifiedName(provisioner.toLowerCase(), path, found);
}

/** Where volumes may be made: each place said once. */
function validateTopologies(terms: StorageClass['allowedTopologies'], found: Findings): void {
  // Upstream begins with as many empty terms as there are: one that names no place is as one of them.
  const seen = list(terms).map(() => '[]');
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
    const all = JSON.stringify(sorted(Object.keys(places)).map((key) => [key, places[key]]));
    for (const other of seen) if (other === all) found.push(fieldErrors.duplicate(path, ''));
    seen.push(all);
  });
}

const topologyWarnings = ({ allowedTopologies }: StorageClass): string[] => list(allowedTopologies).flatMap(({ matchLabelExpressions }, t) => list(matchLabelExpressions).flatMap(({ key = '' }, e) => {
  const text = formerNodeLabels.get(key);
  return text === undefined ? [] : [`${FieldPath.of('allowedTopologies').index(t).child('matchLabelExpressions').index(e).child('key').toString()}: ${text}`];
}));

const storageClassValidation = contentRules<StorageClass>({
  warnings: topologyWarnings,
  content(storageClass) {
    const found: Findings = [];
    validateProvisioner(storageClass.provisioner, FieldPath.of('provisioner'), found);
    validateParameters(storageClass.parameters, found);
    supported(storageClass.reclaimPolicy, ['Delete', 'Retain'], FieldPath.of('reclaimPolicy'), found);
    if (storageClass.volumeBindingMode === undefined) found.push(fieldErrors.required(FieldPath.of('volumeBindingMode')));
    else supported(storageClass.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], FieldPath.of('volumeBindingMode'), found);
    validateTopologies(storageClass.allowedTopologies, found);
    return found;
  },
  change(storageClass, old) {
    const found: Findings = [];
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const) immutable(storageClass[field], old[field], FieldPath.of(field), found);
    return found;
  },
});

/** Upstream's name for `attachRequired` in what it reports. */
const attachPath = specPath.child('attachedRequired');
const maxTokenSeconds = 2 ** 32;
/** Seconds between two looks at how many volumes a node can take. */
const minUpdatePeriod = 10;

const driverValidation = contentRules<Driver>({
  warnings({ spec = {} }, old) {
    const isAsked = list(spec.tokenRequests).length > 0 && spec.serviceAccountTokenInSecrets === undefined;
    if (!isAsked || (old !== undefined && semanticEqual(spec.tokenRequests, old.spec?.tokenRequests))) return [];
    return ['spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes'];
  },
  content({ spec = {} }) {
    const found: Findings = [];
    for (const [field, path] of [['attachRequired', attachPath], ['podInfoOnMount', specPath.child('podInfoOnMount')], ['storageCapacity', specPath.child('storageCapacity')]] as const)
      if (spec[field] === undefined) found.push(fieldErrors.required(path));
    supported(spec.fsGroupPolicy, sorted(['ReadWriteOnceWithFSType', 'File', 'None']), specPath.child('fsGroupPolicy'), found);
    for (const mode of list(spec.volumeLifecycleModes)) supported(mode, ['Persistent', 'Ephemeral'], specPath.child('volumeLifecycleModes'), found);
    const audiences = new Set<string>();
    list(spec.tokenRequests).forEach(({ audience = '', expirationSeconds }, i) => {
      const at = specPath.child('tokenRequests').index(i);
      if (audiences.has(audience)) {
        found.push(fieldErrors.duplicate(at.child('audience'), audience));
        return;
      }
      audiences.add(audience);
      if (expirationSeconds !== undefined && expirationSeconds < 600) {
        found.push(fieldErrors.invalid(at.child('expirationSeconds'), expirationSeconds, 'may not specify a duration less than 10 minutes'));
      }
      if (expirationSeconds !== undefined && expirationSeconds > maxTokenSeconds) {
        found.push(fieldErrors.invalid(at.child('expirationSeconds'), expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
      }
    });
    if (spec.serviceAccountTokenInSecrets !== undefined && audiences.size === 0)
      found.push(fieldErrors.invalid(specPath.child('serviceAccountTokenInSecrets'), spec.serviceAccountTokenInSecrets, 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'));
    const period = spec.nodeAllocatableUpdatePeriodSeconds;
    if (period !== undefined && period < minUpdatePeriod) {
      found.push(
        fieldErrors.invalid(specPath.child('nodeAllocatableUpdatePeriodSeconds'), period, `must be greater than or equal to ${minUpdatePeriod} seconds`),
      );
    }
    return found;
  },
  change({ spec }, { spec: old }) {
    const found: Findings = [];
    immutable(spec?.attachRequired, old?.attachRequired, attachPath, found);
    immutable(spec?.volumeLifecycleModes, old?.volumeLifecycleModes, specPath.child('volumeLifecycleModes'), found);
    return found;
  },
});

type Attachment = Loose<storagev1.VolumeAttachment>;

/** Most bytes of what an attacher tells of its volume. */
const maxAttachmentMetadata = 256 * 1024;
/** Most bytes of a message; upstream's report names the other limit. */
const maxVolumeErrorMessage = 1024;
const maxInt32 = 2 ** 31 - 1;

function validateAttachmentStatus({ status = {} }: Attachment, found: Findings): void {
  const path = FieldPath.of('status');
  const size = entries(status.attachmentMetadata).reduce((sum, [key, value = '']) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (size > maxAttachmentMetadata) found.push(fieldErrors.tooLong(path.child('attachmentMetadata'), maxAttachmentMetadata));
  for (const field of ['attachError', 'detachError'] as const) {
    const { message = '', errorCode = 0 } = status[field] ?? {};
    if (Buffer.byteLength(message) > maxVolumeErrorMessage) found.push(fieldErrors.tooLong(path.child(field, 'message'), maxAttachmentMetadata));
    if (errorCode < 0) found.push(fieldErrors.invalid(path.child(field, 'errorCode'), errorCode, `must be between 0 and ${maxInt32}, inclusive`));
  }
}

function validateAttachmentSource(source: Loose<storagev1.VolumeAttachmentSource> = {}, found: Findings): void {
  const path = specPath.child('source');
  const { persistentVolumeName, inlineVolumeSpec } = source;
  if (persistentVolumeName === undefined && !inlineVolumeSpec) found.push(fieldErrors.required(path, 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'));
  else if (persistentVolumeName !== undefined && inlineVolumeSpec) found.push(fieldErrors.forbidden(path, 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'));
  else if (persistentVolumeName === '') found.push(fieldErrors.required(path.child('persistentVolumeName'), 'must specify non empty persistentVolumeName'));
  else if (inlineVolumeSpec) validateInlineVolumeSpec(inlineVolumeSpec, path.child('inlineVolumeSpec'), found);
}

function attachmentContent(attachment: Attachment): Findings {
  const found: Findings = [];
  const { attacher, nodeName = '', source } = attachment.spec ?? {};
  validateDriverName(attacher, specPath.child('attacher'), found);
  validateAttachmentSource(source, found);
  dnsSubdomain(nodeName, specPath.child('nodeName'), found);
  validateAttachmentStatus(attachment, found);
  if (source?.persistentVolumeName !== undefined) dnsSubdomain(source.persistentVolumeName, specPath.child('source', 'persistentVolumeName'), found);
  return found;
}

const attachmentValidation = contentRules<Attachment>({
  content: attachmentContent,
  change({ spec }, { spec: old }) {
    return semanticEqual(spec, old) ? [] : [fieldErrors.invalid(specPath, spec ?? null, 'field is immutable')];
  },
  status: attachmentContent,
});

const attributesClassValidation = contentRules<Loose<storagev1.VolumeAttributesClass>>({
  content({ driverName, parameters }) {
    const found: Findings = [];
    validateProvisioner(driverName, FieldPath.of('driverName'), found);
    validateParameters(parameters, found);
    if (entries(parameters).length === 0) found.push(fieldErrors.required(FieldPath.of('parameters'), 'must contain at least one key/value pair'));
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

/** Upstream's limit on what a driver calls a node. */
const maxNodeId = 256;

function validateNodeDriver({ name, nodeID, allocatable, topologyKeys }: NodeDriver, path: FieldPath, found: Findings): void {
  validateDriverName(name, path.child('name'), found);
  if (present(nodeID, path.child('nodeID'), found) && nodeID.length > maxNodeId)
    found.push(fieldErrors.invalid(path.child('nodeID'), nodeID, `must be ${maxNodeId} characters or less`));
  if (allocatable?.count !== undefined && allocatable.count < 0) found.push(fieldErrors.invalid(path.child('allocatable', 'count'), allocatable.count, negativeMessage));
  const keys = new Set<string>();
  list(topologyKeys).forEach((key) => {
    present(key, path, found);
    if (keys.has(key)) found.push(fieldErrors.duplicate(path, key));
    keys.add(key);
    qualifiedName(key, path, found);
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
    for (const driver of list(spec?.drivers)) {
      const before = list(old?.drivers).find(({ name }) => name === driver.name);
      const fixed = omit(driver, 'allocatable');
      if (before && !semanticEqual(fixed, omit(before, 'allocatable'))) found.push(fieldErrors.invalid(specPath.child('drivers'), fixed, immutableMessage));
    }
    return found;
  },
});

const capacityValidation = contentRules<Loose<storagev1.CSIStorageCapacity>>({
  warnings: ({ nodeTopology = {} }) => nodeSelectorWarnings(nodeTopology, FieldPath.of('nodeTopology')),
  content({ storageClassName = '', nodeTopology, capacity }, old) {
    const found: Findings = [];
    found.push(...selectorFaults(nodeTopology, FieldPath.of('nodeTopology'), [old?.nodeTopology]));
    dnsSubdomain(storageClassName, FieldPath.of('storageClassName'), found);
    const quantity = readQuantity(capacity);
    if (quantity !== undefined && quantity.nanos < 0n) found.push(fieldErrors.invalid(FieldPath.of('capacity'), formatQuantity(quantity), negativeMessage));
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
