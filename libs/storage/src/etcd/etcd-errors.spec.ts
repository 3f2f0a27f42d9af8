import { status } from '@grpc/grpc-js';
import { fromServiceError } from './etcd-errors';

const failure = (code: status, details: string): Error => Object.assign(new Error(details), { code, details });

it.each([
  [status.UNAVAILABLE, 'etcdserver: leader changed', 'timeout'],
  [status.DEADLINE_EXCEEDED, 'Deadline exceeded', 'timeout'],
  [status.CANCELLED, 'Call cancelled', 'timeout'],
  [status.UNKNOWN, 'etcdserver: request timed out', 'timeout'],
  [status.INTERNAL, 'Received RST_STREAM', 'timeout'],
  [status.INVALID_ARGUMENT, 'etcdserver: duplicate key given in txn request', 'invalid'],
  [status.INVALID_ARGUMENT, 'etcdserver: request is too large', 'tooLarge'],
  [status.NOT_FOUND, 'etcdserver: requested lease not found', 'leaseNotFound'],
  [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted', 'compacted'],
  [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision is a future revision', 'futureVersion'],
  [status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded', 'noSpace'],
  [status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', 'unavailable'],
])('status %i "%s" is %s', (code, details, expected) => {
  expect(fromServiceError(failure(code, details)).code).toBe(expected);
});
