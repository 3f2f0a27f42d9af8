import { type certificatesv1beta1, type KubeObject, podCertificateOutcome } from '@navarch/api';
import { type FieldError, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { podCertificateAnswerFaults, podCertificateKey, podCertificateKeyFault } from '@navarch/pki';
import type { FurtherRule } from '../registry/resource-definition';

type Request = certificatesv1beta1.PodCertificateRequest;

/** The asker has the key; later a request does not change. */
function keyFaults(object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const fault = old === undefined ? podCertificateKeyFault((object as Request).spec) : undefined;
  if (fault === undefined) return [];
  const path = FieldPath.of('spec', fault.field);
  return [fault.value === undefined ? fieldErrors.invalidUnnamed(path, fault.detail) : fieldErrors.invalid(path, fault.value, fault.detail)];
}

/** What is issued is a certificate of that key, which begins now. */
function answerFaults(object: KubeObject, old: KubeObject | undefined, nowMs: number): FieldError[] {
  const [{ spec, status = {} }, before] = [object as Request, old as Request | undefined];
  if (podCertificateOutcome(before?.status ?? {}) !== undefined || podCertificateOutcome(status) !== 'Issued') return [];
  const { certificateChain: chain = '', notBefore = '', notAfter = '' } = status;
  return podCertificateAnswerFaults({ chain, notBefore, notAfter, maxExpirationSeconds: spec.maxExpirationSeconds ?? 0, key: podCertificateKey(spec), nowMs })
    .map(({ field, value, detail }) => fieldErrors.invalid(FieldPath.of('status', field), value, detail));
}

export const podCertificateRules = (clock: Clock): Readonly<Record<string, FurtherRule>> => ({
  'certificates.k8s.io/podcertificaterequests': keyFaults,
  'certificates.k8s.io/podcertificaterequests/status': (object, old) => answerFaults(object, old, clock.now()),
});
