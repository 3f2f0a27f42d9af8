import { exactJsonText, type JsonValue, parseJson, type Status } from '@navarch/apimachinery';
import type { AdmissionRequest } from '../admission-request';

/** What a webhook has said. */
export interface Verdict {
  readonly allowed: boolean;
  readonly status: Partial<Status> | undefined;
  readonly patch: JsonValue | undefined;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** A version of AdmissionReview that this server speaks. Requests look the same in both. */
export type ReviewVersion = 'v1' | 'v1beta1';

/** The first version that a webhook knows and this server speaks; validation lets no webhook be that has none. */
export const reviewVersionOf = (admissionReviewVersions: readonly string[]): ReviewVersion | undefined =>
  admissionReviewVersions.find((version): version is ReviewVersion => version === 'v1' || version === 'v1beta1');

export const reviewOf = (request: AdmissionRequest, version: ReviewVersion): string => exactJsonText({ kind: 'AdmissionReview', apiVersion: `admission.k8s.io/${version}`, request });

interface Response {
  readonly uid?: string;
  readonly allowed?: boolean;
  readonly status?: Partial<Status>;
  readonly patch?: string;
  readonly patchType?: string;
  readonly warnings?: string[];
  readonly auditAnnotations?: Record<string, string>;
}

interface Answer {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly response?: Response;
}

const ABSENT = 'webhook response was absent';

/** @throws Error for a response that does not keep to the contract of `v1` */
function checked(response: Response, uid: string, mayPatch: boolean): Response {
  if (response.uid !== uid) throw new Error(`expected response.uid="${uid}", got "${response.uid ?? ''}"`);
  const { patch = '', patchType = '' } = response;
  if (patch !== '') {
    if (!mayPatch) throw new Error('validating webhook may not return response.patch');
    if (patchType === '') throw new Error('webhook returned response.patch but not response.patchType');
    if (patchType !== 'JSONPatch') throw new Error(`webhook returned invalid response.patchType of "${patchType}"`);
  } else if (patchType !== '') throw new Error(mayPatch ? 'webhook returned response.patchType but not response.patch' : 'validating webhook may not return response.patchType');
  return response;
}

/** Older webhooks need not name the request, nor say what their patch is; a patch that nobody asked for is nothing. */
const lenient = (response: Response, mayPatch: boolean): Response => (mayPatch ? response : { ...response, patch: '' });

/**
 * Reads the answer to a review, which is to be in the version of the review. Mirrors VerifyAdmissionResponse of
 * staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/request. @throws Error that says what is wrong with it
 */
export function readVerdict(body: string, { uid }: AdmissionRequest, version: ReviewVersion, mayPatch: boolean): Verdict {
  const { apiVersion = '', kind = '', response } = parseJson(body) as unknown as Answer;
  const isOfVersion = apiVersion === `admission.k8s.io/${version}` && kind === 'AdmissionReview';
  if (version === 'v1' && !isOfVersion) throw new Error(`expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${apiVersion === '' ? '/' : apiVersion}, Kind=${kind}`);
  if (response === undefined || (!isOfVersion && (apiVersion !== '' || kind !== ''))) throw new Error(ABSENT);
  const { allowed, status, patch = '', warnings, auditAnnotations } = version === 'v1' ? checked(response, uid, mayPatch) : lenient(response, mayPatch);
  return {
    allowed: allowed === true,
    status,
    patch: patch === '' ? undefined : parseJson(Buffer.from(patch, 'base64').toString()),
    warnings: warnings ?? [],
    auditAnnotations: auditAnnotations ?? {},
  };
}
