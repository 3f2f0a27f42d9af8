import type { JsonValue, Status } from '@navarch/apimachinery';
import type { AdmissionRequest } from '../admission-request';

/** What a webhook has said. */
export interface Verdict {
  readonly allowed: boolean;
  readonly status: Partial<Status> | undefined;
  readonly patch: JsonValue | undefined;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

const apiVersion = 'admission.k8s.io/v1';

export const reviewOf = (request: AdmissionRequest): string => JSON.stringify({ kind: 'AdmissionReview', apiVersion, request });

interface Answer {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly response?: { uid?: string; allowed?: boolean; status?: Partial<Status>; patch?: string; patchType?: string; warnings?: string[]; auditAnnotations?: Record<string, string> };
}

/** Reads the answer to a review. @throws Error that says what is wrong with it */
export function readVerdict(body: string, { uid }: AdmissionRequest, mayPatch: boolean): Verdict {
  const { apiVersion: version = '', kind = '', response } = JSON.parse(body) as Answer;
  if (version !== apiVersion || kind !== 'AdmissionReview') throw new Error(`expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${version === '' ? '/' : version}, Kind=${kind}`);
  if (response === undefined) throw new Error('webhook response was absent');
  if (response.uid !== uid) throw new Error(`expected response.uid="${uid}", got "${response.uid ?? ''}"`);
  const { patch, patchType } = response;
  if (patch !== undefined && patch !== '') {
    if (!mayPatch) throw new Error('validating webhook may not return response.patch');
    if (patchType === undefined || patchType === '') throw new Error('webhook returned response.patch but not response.patchType');
    if (patchType !== 'JSONPatch') throw new Error(`webhook returned invalid response.patchType of "${patchType}"`);
  } else if (patchType !== undefined && patchType !== '') throw new Error(mayPatch ? 'webhook returned response.patchType but not response.patch' : 'validating webhook may not return response.patchType');
  return {
    allowed: response.allowed === true,
    status: response.status,
    patch: patch === undefined || patch === '' ? undefined : (JSON.parse(Buffer.from(patch, 'base64').toString()) as JsonValue),
    warnings: response.warnings ?? [],
    auditAnnotations: response.auditAnnotations ?? {},
  };
}
