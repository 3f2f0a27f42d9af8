import { FieldPath } from '../validation/field-path';
import { fieldErrors } from '../validation/field-error';
import {
  ApiError, conflict, expired, forbidden, internalError, invalid, isConflict, isGone, isInternalError, isNotFound, isResourceExpired,
  isTooManyRequests, methodNotAllowed, notFound, resourceVersionTooLarge, serverTimeout, statusCause, suggestedDelaySeconds, timeout, tooManyRequests, toStatus,
} from '.';

const pods = { group: '', resource: 'pods' };
const deployments = { group: 'apps', resource: 'deployments' };

describe('API errors', () => {
  it('carry the Status that upstream sends', () => {
    expect(notFound(deployments, 'web').status).toEqual({
      kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'deployments.apps "web" not found',
      reason: 'NotFound', details: { name: 'web', group: 'apps', kind: 'deployments' }, code: 404,
    });
  });

  it.each([
    [conflict(pods, 'a'), 'Operation cannot be fulfilled on pods "a": the object has been modified; please apply your changes to the latest version and try again'],
    [forbidden(pods, '', 'no'), 'pods is forbidden: no'],
    [forbidden({ group: '', resource: '' }, '', 'no'), 'forbidden: no'],
    [methodNotAllowed(pods, 'patch'), 'patch is not supported on resources of kind "pods"'],
    [serverTimeout(pods, 'list'), 'The list operation against pods could not be completed at this time, please try again.'],
    [timeout('x'), 'Timeout: x'],
    [internalError('x'), 'Internal error occurred: x'],
    [resourceVersionTooLarge(9, 3), 'Timeout: Too large resource version: 9, current: 3'],
  ])('say %s', (error, message) => {
    expect(error.message).toBe(message);
    expect(error.status.message).toBe(message);
  });

  it('list every broken rule of an invalid object, in the message each text once', () => {
    const spec = FieldPath.of('spec');
    const duplicate = fieldErrors.required(spec.child('containers').index(0).child('name'));
    const error = invalid({ group: 'apps', kind: 'Deployment' }, 'web', [duplicate, duplicate, fieldErrors.invalid(spec.child('replicas'), -1, 'must be greater than or equal to 0')]);
    expect(error.message).toBe(
      'Deployment.apps "web" is invalid: [spec.containers[0].name: Required value, spec.replicas: Invalid value: -1: must be greater than or equal to 0]',
    );
    expect(error.status.details?.causes).toHaveLength(3);
    expect(error.status.details?.causes?.[2]).toEqual({
      reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be greater than or equal to 0', field: 'spec.replicas',
    });
  });

  it('are recognised through wrapping, by another copy of the class, and by code when a reason is missing', () => {
    expect(isNotFound(new Error('bind pod', { cause: notFound(pods, 'a') }))).toBe(true);
    expect(isConflict(Object.assign(new Error('x'), { code: 409, status: { metadata: {} } }))).toBe(true);
    expect(isNotFound(new Error('x'))).toBe(false);
    expect(isNotFound(undefined)).toBe(false);
    expect(isGone(expired('old'))).toBe(false);
    expect(isResourceExpired(expired('old'))).toBe(true);
  });

  it('tell when to come back', () => {
    expect(suggestedDelaySeconds(tooManyRequests('busy', 7))).toBe(7);
    expect(isTooManyRequests(tooManyRequests('busy'))).toBe(true);
    expect(tooManyRequests('busy').status.details).toEqual({});
    expect(statusCause(resourceVersionTooLarge(2, 1), 'ResourceVersionTooLarge')).toBeDefined();
  });

  it('hide what is not an API error behind a fixed text', () => {
    const status = toStatus(new Error('password is hunter2'));
    expect(status.code).toBe(500);
    expect(JSON.stringify(status)).not.toContain('hunter2');
    expect(toStatus('not even an error').code).toBe(500);
  });

  it('survive a round trip as Status', () => {
    const error = ApiError.fromStatus(internalError('x').status);
    expect(isInternalError(error)).toBe(true);
    expect(error.status).toEqual(internalError('x').status);
  });
});
