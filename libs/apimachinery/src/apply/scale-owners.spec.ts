import type { JsonObject } from '../json';
import { managedFieldsAfterScale, scaleManagedFields } from './scale-owners';

const entry = (manager: string, fieldsV1: JsonObject, more: JsonObject = {}): JsonObject => ({ manager, operation: 'Apply', apiVersion: 'apps/v1', fieldsType: 'FieldsV1', fieldsV1, ...more });
const replicas = { 'f:spec': { 'f:replicas': {} } };
const IN_OBJECT = ['spec', 'replicas'];

describe('a Scale', () => {
  it('is owned by whoever owns the replicas', () => {
    const owners = [entry('all', { 'f:metadata': {}, ...replicas }), entry('labels', { 'f:metadata': {} })];
    expect(scaleManagedFields(owners, IN_OBJECT)).toEqual([entry('all', replicas, { apiVersion: 'autoscaling/v1' })]);
    expect(scaleManagedFields(undefined, IN_OBJECT)).toEqual([]);
  });

  it('takes the replicas from those that have lost them there', () => {
    const owners = [entry('all', { 'f:metadata': { 'f:labels': {} }, ...replicas }), entry('only', replicas), entry('sharer', replicas)];
    const ofScale = [entry('new', replicas, { apiVersion: 'autoscaling/v1', subresource: 'scale' }), entry('sharer', replicas, { apiVersion: 'autoscaling/v1' })];
    expect(managedFieldsAfterScale(owners, ofScale, IN_OBJECT, 'apps/v1')).toEqual([
      entry('all', { 'f:metadata': { 'f:labels': {} } }), entry('new', replicas, { subresource: 'scale' }), entry('sharer', replicas),
    ]);
  });

  it('owns what a custom resource keeps elsewhere', () => {
    const ofScale = [entry('new', replicas, { apiVersion: 'autoscaling/v1', subresource: 'scale' })];
    expect(managedFieldsAfterScale([], ofScale, ['spec', 'size', 'count'], 'example.com/v1'))
      .toEqual([entry('new', { 'f:spec': { 'f:size': { 'f:count': {} } } }, { apiVersion: 'example.com/v1', subresource: 'scale' })]);
  });
});
