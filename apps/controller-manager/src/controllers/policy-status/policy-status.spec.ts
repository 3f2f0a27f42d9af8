import { admissionregistration, apiextensions, type admissionregistrationv1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { policyStatusController } from './controller';

type Policy = admissionregistrationv1.ValidatingAdmissionPolicy;

describe('the status of a policy', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());

  const policy = (expression: string, resource = 'deployments', group = 'apps', messageExpression?: string): Policy => ({
    metadata: { name: 'p' },
    spec: {
      matchConstraints: { resourceRules: [{ apiGroups: [group], apiVersions: ['v1'], resources: [resource], operations: ['CREATE'] }] },
      validations: [{ expression, ...(messageExpression === undefined ? {} : { messageExpression }) }],
    },
  });
  const warnings = async (given: Policy): Promise<[string, string][]> => {
    world.create(admissionregistration.validatingadmissionpolicies, given);
    await world.run(policyStatusController);
    const { status } = world.get(admissionregistration.validatingadmissionpolicies, 'p');
    expect(status?.observedGeneration).toBe(1);
    return (status?.typeChecking?.expressionWarnings ?? []).map(({ fieldRef, warning }) => [fieldRef, warning.split('\n')[0] ?? '']);
  };

  it.each([
    { reason: 'a field that is there', expression: 'object.spec.replicas > 1 && object.metadata.namespace.endsWith("x")' },
    { reason: 'what only an evaluation can tell', expression: 'object.spec.strategy.rollingUpdate.maxSurge == 1 || request.userInfo.username == "x" || variables.foo' },
    { reason: 'labels of any name', expression: "object.metadata.labels['a'] == 'b'" },
  ])('says nothing of $reason', async ({ expression }) => expect(await warnings(policy(expression))).toEqual([]));

  it('says which kind has no such field', async () => {
    const [[fieldRef, warning] = [], [second] = []] = await warnings(policy('object.spec.maxReplicas > 1', 'deployments', 'apps', "'too many ' + object.spec.name"));
    expect([fieldRef, second]).toEqual(['spec.validations[0].expression', 'spec.validations[0].messageExpression']);
    expect(warning).toMatch(/^apps\/v1, Kind=Deployment: .*undefined field 'maxReplicas'/);
  });

  it('knows custom kinds', async () => {
    world.create(apiextensions.customresourcedefinitions, {
      metadata: { name: 'ships.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'ships', kind: 'Ship' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { masts: { type: 'integer' } } } } } },
          },
        ],
      },
    });
    expect(await warnings(policy('object.spec.masts == "three"', 'ships', 'example.com'))).toEqual([['spec.validations[0].expression', expect.stringMatching(/^example.com\/v1, Kind=Ship: .*no matching overload/)]]);
  });

  it('is not written twice', async () => {
    await warnings(policy('true'));
    const version = world.api.version;
    world.change(admissionregistration.validatingadmissionpolicies, 'p', (object) => (object.metadata.labels = { a: 'b' }));
    await world.settle();
    expect(world.api.version - version).toBe(1024);
  });

  it('says nothing of what is behind a wildcard', async () => expect(await warnings(policy('object.nothing', '*'))).toEqual([]));
});
