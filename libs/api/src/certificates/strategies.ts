import { formatTime } from '@navarch/apimachinery';
import type { certificatesv1 } from '../gen';
import { keepAllButStatus, keepField, type KindRules, kindRules } from '../strategy/kind-rules';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

type Request = Loose<certificatesv1.CertificateSigningRequest>;
type Condition = Loose<certificatesv1.CertificateSigningRequestCondition>;

const isDecision = ({ type }: Condition): boolean => type === 'Approved' || type === 'Denied';

/** Completes the times of conditions: set when they appear or their status changes. */
function stampConditions(conditions: readonly Condition[], old: readonly Condition[], nowMs: number): Condition[] {
  const now = formatTime(nowMs);
  return conditions.map((condition) => {
    const before = old.find(({ type }) => type === condition.type);
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? before?.lastUpdateTime ?? now,
      lastTransitionTime: condition.lastTransitionTime ?? (before?.status === condition.status ? (before?.lastTransitionTime ?? now) : now),
    };
  });
}

const requestRules = kindRules<Request>({
  initialStatus: () => ({}),
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
    const conditions = [...before.filter(isDecision), ...list(status.conditions).filter((condition) => !isDecision(condition))];
    status.conditions = stampConditions(conditions, before, nowMs);
    if (conditions.length === 0) delete status.conditions;
  },
  subresources: {
    approval(request, old, { nowMs }) {
      const conditions = stampConditions(list(request.status?.conditions), list(old.status?.conditions), nowMs);
      keepAllButStatus(request, old);
      request.status = { ...old.status, conditions };
    },
  },
});

/** By `<group>/<resource>`. */
export const certificatesStrategies: Readonly<Record<string, KindRules>> = {
  'certificates.k8s.io/certificatesigningrequests': requestRules,
  'certificates.k8s.io/podcertificaterequests': { initialStatus: () => ({}) },
};
