import { core, type KubeObject } from '@navarch/api';
import type { AdmissionAttributes } from '../../pipeline';
import { admit } from '../../testing/admit';
import { anAdmission } from '../../testing/admission-attributes';
import { ObjectTable } from '../../testing/object-table';
import { DeviceAdminAccess } from './device-admin-access';

const needed = 'admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace';
const namespace = (name: string, access?: string): KubeObject => ({ kind: 'Namespace', metadata: { name, ...(access === undefined ? {} : { labels: { 'resource.kubernetes.io/admin-access': access } }) } });
const world = (): ObjectTable => new ObjectTable().put(core.namespaces, namespace('plain'), namespace('almost', 'True'), namespace('admin', 'true'));

const group = 'resource.k8s.io';
const exactly = (adminAccess?: boolean): object => ({ name: 'r', exactly: { deviceClassName: 'c', ...(adminAccess === undefined ? {} : { adminAccess }) } });
const claim = (inNamespace: string, ...requests: object[]): KubeObject => ({ kind: 'ResourceClaim', metadata: { namespace: inNamespace, name: 'a' }, spec: { devices: { requests } } }) as KubeObject;
const template = (inNamespace: string, ...requests: object[]): KubeObject => ({ kind: 'ResourceClaimTemplate', metadata: { namespace: inNamespace, name: 'a' }, spec: { spec: { devices: { requests } } } }) as KubeObject;
const allocated = (inNamespace: string, ...adminAccess: boolean[]): KubeObject =>
  ({
    ...claim(inNamespace, exactly(true)),
    status: { allocation: { devices: { results: adminAccess.map((one) => ({ request: 'r', adminAccess: one })) } } },
  }) as KubeObject;
const creating = (object: KubeObject): AdmissionAttributes => anAdmission(object, { group, resource: object.kind === 'ResourceClaim' ? 'resourceclaims' : 'resourceclaimtemplates' });
const allocating = (object: KubeObject, oldObject = claim('plain')): AdmissionAttributes => anAdmission(object, { operation: 'UPDATE', group, resource: 'resourceclaims', subresource: 'status', oldObject });

describe('DeviceAdminAccess', () => {
  it.each<[reason: string, write: AdmissionAttributes, refusal: string]>([
    ['a claim without it', creating(claim('plain', exactly(), exactly(false))), ''],
    ['a claim with it', creating(claim('plain', exactly(false), exactly(true), exactly(true))), `ResourceClaim.resource.k8s.io "a" is invalid: spec.devices.requests[1].adminAccess: Forbidden: ${needed}`],
    ['a claim with it where it may', creating(claim('admin', exactly(true))), ''],
    ['a claim where the label says something else', creating(claim('almost', exactly(true))), `ResourceClaim.resource.k8s.io "a" is invalid: spec.devices.requests[0].adminAccess: Forbidden: ${needed}`],
    ['a claim of alternatives', creating(claim('plain', { name: 'r', firstAvailable: [{ name: 's', deviceClassName: 'c' }] })), ''],
    ['a claim in no namespace', creating(claim('none', exactly(true))), 'ResourceClaim.resource.k8s.io "a" is invalid: spec.devices.requests[0].adminAccess: Internal error: could not retrieve namespace to verify admin access: namespaces "none" not found'],
    ['a template with it', creating(template('plain', exactly(true))), `ResourceClaimTemplate.resource.k8s.io "a" is invalid: spec.devices.requests[0].adminAccess: Forbidden: ${needed}`],
    ['a template with it where it may', creating(template('admin', exactly(true))), ''],
    ['an allocation without it', allocating(allocated('plain', false)), ''],
    ['an allocation with it', allocating(allocated('plain', false, true)), `ResourceClaim.resource.k8s.io "a" is invalid: status.allocation.devices.results[1].adminAccess: Forbidden: ${needed}`],
    ['an allocation with it where it may', allocating(allocated('admin', true)), ''],
    ['an allocation that was made while it might', allocating(allocated('plain', true), allocated('plain', true)), ''],
    ['an update of the claim itself', anAdmission(claim('plain', exactly(true)), { operation: 'UPDATE', group, resource: 'resourceclaims', oldObject: claim('plain', exactly(true)) }), 'not handled'],
  ])('%s', async (_reason, write, refusal) => {
    expect(await admit(new DeviceAdminAccess(world()), write)).toBe(refusal);
  });

  it('looks again before it refuses', async () => {
    const table = world();
    table.late.push(() => table.put(core.namespaces, namespace('plain', 'true')));
    expect(await admit(new DeviceAdminAccess(table), creating(claim('plain', exactly(true))))).toBe('');
  });
});
