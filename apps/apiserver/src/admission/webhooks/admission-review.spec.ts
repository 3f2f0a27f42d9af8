import type { AdmissionRequest } from '../admission-request';
import { readVerdict, reviewOf, type ReviewVersion, reviewVersionOf, type Verdict } from './admission-review';

const request = { uid: '7' } as AdmissionRequest;
const patch = Buffer.from('[{"op":"remove","path":"/a"}]').toString('base64');
const answer = (version: string, response?: object): string => JSON.stringify({ apiVersion: `admission.k8s.io/${version}`, kind: 'AdmissionReview', ...(response ? { response } : {}) });

function read(version: ReviewVersion, body: string, mayPatch = true): Verdict | string {
  try {
    return readVerdict(body, request, version, mayPatch);
  } catch (error) {
    return (error as Error).message;
  }
}

it.each<[known: string[], chosen: string | undefined]>([
  [['v1', 'v1beta1'], 'v1'],
  [['v1beta1', 'v1'], 'v1beta1'],
  [['v2', 'v1beta1'], 'v1beta1'],
  [['v2'], undefined],
])('of %j it speaks %s', (known, chosen) => {
  expect(reviewVersionOf(known)).toBe(chosen);
});

it('asks in the version of the webhook', () => {
  expect(JSON.parse(reviewOf(request, 'v1beta1'))).toEqual({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1beta1', request: { uid: '7' } });
  const large = { uid: '7', object: { metadata: {}, id: 9223372036854775807n } };
  expect(reviewOf(large, 'v1')).toContain('"id":9223372036854775807');
});

it('keeps whole numbers of a patch', () => {
  const exact = Buffer.from('[{"op":"add","path":"/a","value":9223372036854775807}]').toString('base64');
  expect(read('v1', answer('v1', { uid: '7', allowed: true, patch: exact, patchType: 'JSONPatch' }))).toMatchObject({ patch: [{ value: 9223372036854775807n }] });
});

it.each<{ version: ReviewVersion; body: string; mayPatch?: boolean; says: object | string; reason: string }>([
  { reason: 'all that is asked for', version: 'v1', body: answer('v1', { uid: '7', allowed: true, patch, patchType: 'JSONPatch' }), says: { allowed: true, patch: [{ op: 'remove' }] } },
  { reason: 'another request', version: 'v1', body: answer('v1', { uid: '8', allowed: true }), says: 'expected response.uid="7", got "8"' },
  { reason: 'a patch of no type', version: 'v1', body: answer('v1', { uid: '7', allowed: true, patch }), says: 'webhook returned response.patch but not response.patchType' },
  { reason: 'the older version', version: 'v1', body: answer('v1beta1', { uid: '7', allowed: true }), says: 'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1beta1, Kind=AdmissionReview' },
  { reason: 'no response', version: 'v1', body: answer('v1'), says: 'webhook response was absent' },
  { reason: 'no uid', version: 'v1beta1', body: answer('v1beta1', { allowed: true, warnings: ['w'] }), says: { allowed: true, warnings: ['w'] } },
  { reason: 'a patch of no type', version: 'v1beta1', body: answer('v1beta1', { allowed: true, patch }), says: { patch: [{ op: 'remove' }] } },
  { reason: 'a patch where none is asked for', version: 'v1beta1', body: answer('v1beta1', { allowed: true, patch }), mayPatch: false, says: { allowed: true, patch: undefined } },
  { reason: 'no version', version: 'v1beta1', body: JSON.stringify({ response: { allowed: false, status: { message: 'no' } } }), says: { allowed: false, status: { message: 'no' } } },
  { reason: 'the newer version', version: 'v1beta1', body: answer('v1', { uid: '7', allowed: true }), says: 'webhook response was absent' },
  { reason: 'no response', version: 'v1beta1', body: answer('v1beta1'), says: 'webhook response was absent' },
])('reads $reason in answer to $version', ({ version, body, mayPatch, says }) => {
  const verdict = read(version, body, mayPatch);
  if (typeof says === 'string') expect(verdict).toBe(says);
  else expect(verdict).toMatchObject(says);
});
