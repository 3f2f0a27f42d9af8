import { formatTime } from '@navarch/apimachinery';
import type { certificatesv1, certificatesv1beta1 } from '../gen';
import { keepAllButStatus, keepField, keepMetadata, type KindRules, kindRules } from '../strategy/kind-rules';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

type Request = Loose<certificatesv1.CertificateSigningRequest>;
type Condition = Loose<certificatesv1.CertificateSigningRequestCondition>;
type PodCertificateRequest = Loose<certificatesv1beta1.PodCertificateRequest>;

/** What was decided stays as it was written. One decision more or one less is for validation to refuse. */
function keepDecisions<T extends { type?: string | undefined }>(conditions: readonly T[], old: readonly T[], decisions: readonly string[]): T[] {
  const kept = [...conditions];
  for (const decision of decisions) {
    const places = kept.flatMap(({ type }, i) => (type === decision ? [i] : []));
    const before = old.filter(({ type }) => type === decision);
    if (places.length !== before.length) continue;
    places.forEach((place, i) => {
      const was = before[i];
      if (was) kept[place] = was;
    });
  }
  return kept;
}

/** Completes the times of conditions: set when they are written or their status changes. */
function stampConditions(conditions: readonly Condition[], old: readonly Condition[], nowMs: number): Condition[] {
  const now = formatTime(nowMs);
  return conditions.map((condition) => {
    const before = old.find(({ type, status, lastTransitionTime }) => type === condition.type && status === condition.status && lastTransitionTime !== undefined);
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? now,
      lastTransitionTime: condition.lastTransitionTime ?? before?.lastTransitionTime ?? now,
    };
  });
}

const requestRules = kindRules<Request>({
  initialStatus: () => ({}),
  // Conditions are for whoever decides, and the certificate for whoever signs; upstream's signers own no conditions, though they may add some.
  resets: { approval: ['spec', 'status.certificate'], status: ['spec', 'status.conditions'] },
  // Who asks is what the signers decide on: taken from the request, never from the client's word.
  onCreate(request, { userName, userUid, userGroups, userExtra }) {
    const spec = (request.spec ??= {});
    spec.username = userName;
    delete spec.uid;
    delete spec.groups;
    delete spec.extra;
    if (userUid) spec.uid = userUid;
    if (userGroups && userGroups.length > 0) spec.groups = [...userGroups];
    if (userExtra && Object.keys(userExtra).length > 0) spec.extra = Object.fromEntries(Object.entries(userExtra).map(([key, values]) => [key, [...values]]));
  },
  onUpdate: (request, old) => keepField(request, old, 'spec'),
  onStatusUpdate(request, old, { nowMs }) {
    const status = (request.status ??= {});
    const before = list(old.status?.conditions);
    // Approving and denying have their own endpoint, with its own rights.
    status.conditions = stampConditions(keepDecisions(list(status.conditions), before, ['Approved', 'Denied']), before, nowMs);
    if (status.conditions.length === 0) delete status.conditions;
  },
  subresources: {
    approval(request, old, { nowMs }) {
      const conditions = stampConditions(list(request.status?.conditions), list(old.status?.conditions), nowMs);
      keepAllButStatus(request, old);
      request.status = { ...old.status };
      if (conditions.length > 0) request.status.conditions = conditions;
      else delete request.status.conditions;
    },
  },
});

const podCertificateRules = kindRules<PodCertificateRequest>({
  initialStatus: () => ({}),
  resets: { status: ['metadata', 'spec'] },
  conditionalUpdate: true,
  onStatusUpdate: (request, old) => keepMetadata({ metadata: request.metadata ?? {} }, { metadata: old.metadata ?? {} }),
});

/** By `<group>/<resource>`. */
export const certificatesStrategies: Readonly<Record<string, KindRules>> = {
  'certificates.k8s.io/certificatesigningrequests': requestRules,
  'certificates.k8s.io/podcertificaterequests': podCertificateRules,
};
