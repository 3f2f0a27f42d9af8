import type {
  apiregistrationv1, apiserverinternalv1alpha1, certificatesv1, certificatesv1beta1, coordinationv1, coordinationv1beta1, discoveryv1, flowcontrolv1, nodev1,
  policyv1, resourcev1, resourcev1alpha3, schedulingv1, storagemigrationv1beta1,
} from '../gen';
import { podCertificateOutcomes } from '../certificates/pod-certificate-outcomes';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { firstFew, none, unset } from './format';
import { humanDuration } from './human-duration';
import { ageColumn, column, countColumn, nameColumn, type Printer, printer } from './printer';

function requestCondition({ status }: Loose<certificatesv1.CertificateSigningRequest>): string {
  const has = (type: string): boolean => list(status?.conditions).some((condition) => condition.type === type);
  const words = [has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'];
  if (has('Failed')) words.push('Failed');
  if (status?.certificate) words.push('Issued');
  return words.join(',');
}

const podCertificateState = ({ status }: Loose<certificatesv1beta1.PodCertificateRequest>): string =>
  list(status?.conditions).findLast(({ type = '' }) => podCertificateOutcomes.includes(type))?.type ?? 'Pending';

function available({ status }: Loose<apiregistrationv1.APIService>): string {
  const condition = list(status?.conditions).find(({ type }) => type === 'Available');
  if (condition === undefined) return 'Unknown';
  return condition.status === 'True' ? 'True' : `${condition.status ?? ''} (${condition.reason ?? ''})`;
}

function claimState({ metadata, status }: Loose<resourcev1.ResourceClaim>): string {
  const states: string[] = [];
  if (metadata?.deletionTimestamp) states.push('deleted');
  if (status?.allocation) {
    states.push('allocated');
    if (list(status.reservedFor).length > 0) states.push('reserved');
  } else if (!metadata?.deletionTimestamp) states.push('pending');
  return states.join(',');
}

const dangling = ({ status }: Loose<flowcontrolv1.FlowSchema>): string => list(status?.conditions).find(({ type }) => type === 'Dangling')?.status ?? '?';
const queuing = ({ spec }: Loose<flowcontrolv1.PriorityLevelConfiguration>): Loose<flowcontrolv1.QueuingConfiguration> | undefined => spec?.limited?.limitResponse?.queuing;
const numberOrNone = (value: number | undefined): number | string => value ?? none;

/** Kinds of small groups. By `<group>/<resource>`. */
export const otherColumns: Readonly<Record<string, Printer>> = {
  'apiregistration.k8s.io/apiservices': printer<Loose<apiregistrationv1.APIService>>([
    nameColumn(),
    column('Service', ({ spec }) => (spec?.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local')),
    column('Available', available),
    ageColumn(),
  ]),
  'certificates.k8s.io/certificatesigningrequests': printer<Loose<certificatesv1.CertificateSigningRequest>>([
    nameColumn(),
    ageColumn(),
    column('SignerName', ({ spec }) => spec?.signerName ?? none),
    column('Requestor', ({ spec }) => spec?.username ?? ''),
    column('RequestedDuration', ({ spec }) => (spec?.expirationSeconds === undefined ? none : humanDuration(spec.expirationSeconds * 1000))),
    column('Condition', requestCondition),
  ]),
  'certificates.k8s.io/clustertrustbundles': printer<Loose<{ metadata: { name?: string }; spec: { signerName?: string } }>>([
    nameColumn(),
    column('SignerName', ({ spec }) => spec?.signerName || none),
  ]),
  'certificates.k8s.io/podcertificaterequests': printer<Loose<certificatesv1beta1.PodCertificateRequest>>([
    nameColumn(),
    column('PodName', ({ spec }) => spec?.podName ?? ''),
    column('ServiceAccountName', ({ spec }) => spec?.serviceAccountName ?? ''),
    column('NodeName', ({ spec }) => spec?.nodeName ?? ''),
    column('SignerName', ({ spec }) => spec?.signerName ?? ''),
    column('State', podCertificateState, { description: 'Is the request Pending, Issued, Denied, or Failed?' }),
  ]),
  'coordination.k8s.io/leasecandidates': printer<Loose<coordinationv1beta1.LeaseCandidate>>([
    nameColumn(),
    column('LeaseName', ({ spec }) => spec?.leaseName ?? ''),
    column('BinaryVersion', ({ spec }) => spec?.binaryVersion ?? ''),
    column('EmulationVersion', ({ spec }) => spec?.emulationVersion ?? ''),
    ageColumn(),
  ]),
  'coordination.k8s.io/leases': printer<Loose<coordinationv1.Lease>>([nameColumn(), column('Holder', ({ spec }) => spec?.holderIdentity ?? ''), ageColumn()]),
  'discovery.k8s.io/endpointslices': printer<Loose<discoveryv1.EndpointSlice>>([
    nameColumn(),
    column('AddressType', ({ addressType }) => addressType ?? ''),
    column('Ports', ({ ports }) => firstFew(list(ports).map(({ port }) => (port === undefined ? '*' : String(port)))) || unset),
    column('Endpoints', ({ endpoints }) => firstFew(list(endpoints).flatMap(({ addresses }) => list(addresses))) || unset),
    ageColumn(),
  ]),
  'flowcontrol.apiserver.k8s.io/flowschemas': printer<Loose<flowcontrolv1.FlowSchema>>([
    nameColumn(),
    column('PriorityLevel', ({ spec }) => spec?.priorityLevelConfiguration?.name ?? ''),
    column('MatchingPrecedence', ({ spec }) => spec?.matchingPrecedence ?? 0),
    column('DistinguisherMethod', ({ spec }) => spec?.distinguisherMethod?.type ?? none),
    ageColumn(),
    column('MissingPL', dangling),
  ]),
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': printer<Loose<flowcontrolv1.PriorityLevelConfiguration>>([
    nameColumn(),
    column('Type', ({ spec }) => spec?.type ?? ''),
    column('NominalConcurrencyShares', ({ spec }) => numberOrNone(spec?.limited?.nominalConcurrencyShares)),
    column('Queues', (level) => numberOrNone(queuing(level)?.queues)),
    column('HandSize', (level) => numberOrNone(queuing(level)?.handSize)),
    column('QueueLengthLimit', (level) => numberOrNone(queuing(level)?.queueLengthLimit)),
    ageColumn(),
  ]),
  'internal.apiserver.k8s.io/storageversions': printer<Loose<apiserverinternalv1alpha1.StorageVersion>>([
    nameColumn(),
    column('CommonEncodingVersion', ({ status }) => status?.commonEncodingVersion ?? unset),
    column('StorageVersions', ({ status }) => firstFew(list(status?.storageVersions).map(({ apiServerID = '', encodingVersion = '' }) => `${apiServerID}=${encodingVersion}`))),
    ageColumn(),
  ]),
  'node.k8s.io/runtimeclasses': printer<Loose<nodev1.RuntimeClass>>([nameColumn(), column('Handler', ({ handler }) => handler ?? ''), ageColumn()]),
  'policy/poddisruptionbudgets': printer<Loose<policyv1.PodDisruptionBudget>>([
    nameColumn(),
    column('Min Available', ({ spec }) => String(spec?.minAvailable ?? 'N/A')),
    column('Max Unavailable', ({ spec }) => String(spec?.maxUnavailable ?? 'N/A')),
    countColumn('Allowed Disruptions', ({ status }) => status?.disruptionsAllowed),
    ageColumn(),
  ]),
  'resource.k8s.io/deviceclasses': printer<Loose<resourcev1.DeviceClass>>([nameColumn(), ageColumn()]),
  // What the rule is for is left to its name.
  'resource.k8s.io/devicetaintrules': printer<Loose<resourcev1alpha3.DeviceTaintRule>>([
    nameColumn(),
    column('Key', ({ spec }) => spec?.taint?.key ?? ''),
    column('Value', ({ spec }) => spec?.taint?.value ?? ''),
    column('Effect', ({ spec }) => spec?.taint?.effect ?? ''),
    column('TimeAdded', ({ spec }) => (spec?.taint?.timeAdded === undefined ? '' : { age: spec.taint.timeAdded })),
    ageColumn(),
  ]),
  'resource.k8s.io/resourceclaims': printer<Loose<resourcev1.ResourceClaim>>([nameColumn(), column('State', claimState), ageColumn()]),
  'resource.k8s.io/resourceclaimtemplates': printer<Loose<resourcev1.ResourceClaimTemplate>>([nameColumn(), ageColumn()]),
  'resource.k8s.io/resourceslices': printer<Loose<resourcev1.ResourceSlice>>([
    nameColumn(),
    column('Node', ({ spec }) => spec?.nodeName ?? ''),
    column('Driver', ({ spec }) => spec?.driver ?? ''),
    column('Pool', ({ spec }) => spec?.pool?.name ?? ''),
    ageColumn(),
  ]),
  'scheduling.k8s.io/priorityclasses': printer<Loose<schedulingv1.PriorityClass>>([
    nameColumn(),
    countColumn('Value', ({ value }) => value),
    column('Global-Default', ({ globalDefault }) => globalDefault ?? false, { type: 'boolean' }),
    ageColumn(),
    column('PreemptionPolicy', ({ preemptionPolicy }) => preemptionPolicy ?? ''),
  ]),
  'storagemigration.k8s.io/storageversionmigrations': printer<Loose<storagemigrationv1beta1.StorageVersionMigration>>([
    { ...nameColumn(), format: '' },
    column('Resource', ({ spec }) => `${spec?.resource?.resource ?? ''}.${spec?.resource?.group ?? ''}`, { description: 'Fully qualified resource to migrate' }),
  ]),
};
