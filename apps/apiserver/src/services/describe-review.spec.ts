import fc from 'fast-check';
import { describeReview } from './describe-review';

const uid = '9d2c7f3e-5f0b-4a6c-8a35-0c0ffee0c0de';

describe('describeReview', () => {
  it.each<{ of: string; message: object; shown: object }>([
    {
      of: 'a question of admission',
      message: { kind: 'AdmissionReview', request: { uid, operation: 'CREATE', resource: { group: 'apps', version: 'v1', resource: 'deployments' }, subResource: 'scale', namespace: 'default', name: 'web', dryRun: false, userInfo: { username: 'jane', extra: { key: ['hunter2'] } }, object: { data: 'hunter2' }, oldObject: null, options: { x: 'hunter2' } } },
      shown: { uid, operation: 'CREATE', resource: 'apps/v1 deployments/scale', namespace: 'default', name: 'web', dryRun: false, username: 'jane', object: '18 bytes' },
    },
    {
      of: 'a refusal, whose words may repeat what the webhook saw',
      message: { kind: 'AdmissionReview', response: { uid, allowed: false, status: { code: 403, message: 'hunter2 is too short', reason: 'hunter2' }, warnings: ['hunter2'], auditAnnotations: { a: 'hunter2' } } },
      shown: { uid, allowed: false, code: 403, warnings: 1 },
    },
    { of: 'a change', message: { kind: 'AdmissionReview', response: { uid, allowed: true, patchType: 'JSONPatch', patch: 'aHVudGVyMg==' } }, shown: { uid, allowed: true, patch: '12 bytes' } },
    { of: 'a question of conversion', message: { kind: 'ConversionReview', request: { uid, desiredAPIVersion: 'example.com/v2', objects: [{ spec: 'hunter2' }, {}] } }, shown: { uid, desiredAPIVersion: 'example.com/v2', objects: 2 } },
    { of: 'its answer', message: { kind: 'ConversionReview', response: { uid: 'hunter2', result: { status: 'Failure', message: 'hunter2' }, convertedObjects: [{}] } }, shown: { convertedObjects: 1 } },
    {
      of: 'a question of rights', message: { kind: 'SubjectAccessReview', spec: { user: 'jane', groups: ['dev'], extra: { key: ['hunter2'] }, resourceAttributes: { verb: 'get', resource: 'pods' } } },
      shown: { user: 'jane', groups: ['dev'], resourceAttributes: { verb: 'get', resource: 'pods' } },
    },
    { of: 'its answer', message: { kind: 'SubjectAccessReview', status: { allowed: false, denied: true, reason: 'hunter2' } }, shown: { allowed: false, denied: true } },
    { of: 'a question of identity', message: { kind: 'TokenReview', spec: { token: 'hunter2', audiences: ['api'] } }, shown: { token: '(hidden)' } },
    { of: 'its answer, which repeats the question', message: { kind: 'TokenReview', spec: { token: 'hunter2' }, status: { authenticated: true, user: { username: 'jane', extra: { key: ['hunter2'] } } } }, shown: { token: '(hidden)', authenticated: true, username: 'jane' } },
    { of: 'a question about images', message: { kind: 'ImageReview', spec: { namespace: 'default', containers: [{ image: 'x' }], annotations: { a: 'hunter2' } } }, shown: { namespace: 'default', containers: 1 } },
    { of: 'audit events', message: { kind: 'EventList', items: [{ requestObject: 'hunter2' }] }, shown: { items: 1 } },
  ])('shows of $of what opens nothing', ({ message, shown }) => {
    const { kind } = message as { readonly kind: string };
    expect(describeReview(JSON.stringify(message))).toEqual({ kind, ...shown });
  });

  it.each(['', 'no JSON, hunter2', '7', 'null', '{"kind":"constructor"}', '{"kind":"Other","token":"hunter2"}'])('shows nothing of %j', (body) => {
    expect(describeReview(body)).toBeUndefined();
  });

  it('fails at no message, however wrong its shape is', () => {
    const kinds = fc.constantFrom('AdmissionReview', 'ConversionReview', 'SubjectAccessReview', 'TokenReview', 'ImageReview', 'EventList');
    const part = fc.dictionary(fc.constantFrom('uid', 'object', 'resource', 'userInfo', 'status', 'user', 'token', 'objects', 'warnings', 'result', 'allowed'), fc.jsonValue());
    fc.assert(fc.property(kinds, fc.dictionary(fc.constantFrom('request', 'response', 'spec', 'status', 'items'), fc.oneof(part, fc.jsonValue())), (kind, fields) => {
      expect(describeReview(JSON.stringify({ ...fields, kind }))).toMatchObject({ kind });
    }));
  });
});
