import type { KubeObject } from '@navarch/api';
import type { AdmissionAttributes, AuthorizationAttributes, User } from '../../pipeline';
import { admit } from '../../testing/admit';
import { aUser, anAdmission } from '../../testing/admission-attributes';
import { ClaimStatusAuthorization } from './claim-status-authorization';

const jane = aUser('jane');
const driverOn = (node: string): User => ({ ...aUser('system:serviceaccount:kube-system:driver'), extra: { 'authentication.kubernetes.io/node-name': [node] } });

const results = (...devices: string[]): object[] => devices.map((device) => ({ request: 'r', driver: 'a.example.com', pool: 'p', device }));
const onNode = (...values: string[]): object => ({ nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values }] }] } });
const allocation = (more: object = {}): object => ({ allocation: { devices: { results: results('d') }, ...more } });
const told = (driver: string, ready = 'True'): object => ({ driver, pool: 'p', device: 'd', conditions: [{ type: 'Ready', status: ready }] });
const claim = (status?: object): KubeObject => ({ kind: 'ResourceClaim', metadata: { namespace: 'a', name: 'c' }, spec: {}, ...(status ? { status } : {}) }) as KubeObject;
const writing = (before: object | undefined, next: object, over: Partial<AdmissionAttributes> = {}): AdmissionAttributes =>
  anAdmission(claim(next), { operation: 'UPDATE', group: 'resource.k8s.io', resource: 'resourceclaims', subresource: 'status', kind: 'ResourceClaim', oldObject: claim(before), user: jane, ...over });

const shown = ({ verb, resource, subresource, namespace, name }: AuthorizationAttributes): string => `${verb} ${resource}/${subresource} ${namespace}/${name}`;
async function ask(write: AdmissionAttributes, ...allowed: string[]): Promise<{ asked: string[]; refusal: string }> {
  const asked: string[] = [];
  const plugin = new ClaimStatusAuthorization({
    name: 'test',
    authorize: (_user, attributes) => {
      asked.push(shown(attributes));
      return { verdict: allowed.includes(shown(attributes)) ? 'allow' : 'no-opinion', reason: 'no rule' };
    },
  });
  return { refusal: await admit(plugin, write), asked };
}

describe('who writes the status of a claim', () => {
  const binding = 'update resourceclaims/binding /';

  it.each<{ reason: string; write: AdmissionAttributes; asked: string[] }>([
    { reason: 'changes nothing', write: writing(allocation(), allocation()), asked: [] },
    { reason: 'leaves out what is empty', write: writing({ ...allocation(), devices: [], reservedFor: [] }, allocation()), asked: [] },
    { reason: 'gives devices', write: writing(undefined, allocation()), asked: [binding] },
    { reason: 'takes them', write: writing(allocation(), {}), asked: [binding] },
    { reason: 'lets others use it', write: writing(allocation(), { ...allocation(), reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }] }), asked: [binding] },
    { reason: 'gives devices by a patch', write: writing(undefined, allocation(), { verb: 'patch' }), asked: ['patch resourceclaims/binding /'] },
    { reason: 'tells of a device', write: writing(allocation(), { ...allocation(), devices: [told('a.example.com')] }), asked: ['arbitrary-node:update resourceclaims/driver a/a.example.com'] },
    { reason: 'tells something else of it', write: writing({ ...allocation(), devices: [told('a.example.com')] }, { ...allocation(), devices: [told('a.example.com', 'False')] }), asked: ['arbitrary-node:update resourceclaims/driver a/a.example.com'] },
    { reason: 'tells no more of it', write: writing({ ...allocation(), devices: [told('a.example.com')] }, allocation()), asked: ['arbitrary-node:update resourceclaims/driver a/a.example.com'] },
    { reason: 'tells no more of it, as it is taken', write: writing({ ...allocation(), devices: [told('a.example.com')] }, {}), asked: [binding] },
    { reason: 'tells of devices of two drivers', write: writing(allocation(), { ...allocation(), devices: [told('b'), told('a')] }), asked: ['arbitrary-node:update resourceclaims/driver a/a', 'arbitrary-node:update resourceclaims/driver a/b'] },
    { reason: 'patches what it tells', write: writing(allocation(), { ...allocation(), devices: [told('a')] }, { verb: 'patch' }), asked: ['arbitrary-node:patch resourceclaims/driver a/a'] },
  ])('$reason: $asked', async ({ write, asked }) => {
    expect(await ask(write, ...asked)).toEqual({ asked, refusal: '' });
    if (asked.length > 0) expect((await ask(write)).refusal).toContain('ResourceClaim.resource.k8s.io "c" is invalid: ');
  });

  it.each<{ reason: string; user: User; placed: object; near: boolean }>([
    { reason: 'a driver on the node', user: driverOn('n1'), placed: onNode('n1'), near: true },
    { reason: 'a driver on another node', user: driverOn('n2'), placed: onNode('n1'), near: false },
    { reason: 'a driver on one of two nodes', user: driverOn('n1'), placed: onNode('n1', 'n2'), near: false },
    { reason: 'a driver of devices that are nowhere', user: driverOn('n1'), placed: {}, near: false },
    { reason: 'a user who says so', user: { ...driverOn('n1'), name: 'jane' }, placed: onNode('n1'), near: false },
  ])('$reason is near the devices: $near', async ({ user, placed, near }) => {
    const write = writing(allocation(placed), { ...allocation(placed), devices: [told('x')] }, { user });
    const [associated, arbitrary] = ['associated-node:update resourceclaims/driver a/x', 'arbitrary-node:update resourceclaims/driver a/x'] as const;
    expect((await ask(write)).asked).toEqual(near ? [associated, arbitrary] : [arbitrary]);
    expect((await ask(write, associated)).refusal === '').toBe(near);
    expect((await ask(write, arbitrary)).refusal).toBe('');
  });

  it('is told what is missing', async () => {
    const write = writing(undefined, { ...allocation(onNode('n1')), devices: [told('x')] }, { user: driverOn('n1') });
    const refused = (verb: string, what: string, where: string, name = ''): string =>
      `resourceclaims.resource.k8s.io ${name}is forbidden: User "system:serviceaccount:kube-system:driver" cannot ${verb} resource "resourceclaims/${what}" in API group "resource.k8s.io" ${where}: no rule`;
    expect((await ask(write)).refusal).toBe(
      `ResourceClaim.resource.k8s.io "c" is invalid: [status: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="update" permission: ${refused('update', 'binding', 'at the cluster scope')}, ` +
        `status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[associated-node:update arbitrary-node:update]" permission: ${refused('associated-node:update', 'driver', 'in the namespace "a"', '"x" ')}]`,
    );
  });
});
