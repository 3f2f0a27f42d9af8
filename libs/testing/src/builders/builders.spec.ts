import { aDeployment, aNode, aPod, aService } from '../index';

describe('builders', () => {
  it('build what the sentence says', () => {
    const replicaSet = aDeployment().named('shop').withReplicas(3).build();
    const pod = aPod().named('a').inNamespace('ns').onNode('n1').requesting({ cpu: '1' }).controlledBy(replicaSet).ready().build();
    expect(pod).toMatchObject({
      metadata: { name: 'a', namespace: 'ns', ownerReferences: [{ kind: 'Deployment', name: 'shop', uid: 'shop-uid', controller: true }] },
      spec: { nodeName: 'n1', containers: [{ resources: { requests: { cpu: '1' } } }] },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    });
    expect(aNode().named('n1').inZone('z').notReady().build()).toMatchObject({
      metadata: { labels: { 'kubernetes.io/hostname': 'n1', 'topology.kubernetes.io/zone': 'z' } },
      status: { allocatable: { cpu: '4' }, conditions: [{ type: 'Ready', status: 'Unknown' }] },
    });
    expect(aService().named('s').headless().withPort(80).build().spec).toMatchObject({ clusterIP: 'None', selector: { app: 's' }, ports: [{ port: 80 }] });
  });

  it('build independent copies', () => {
    const builder = aPod();
    const first = builder.build();
    builder.labelled({ a: 'b' });
    expect(first.metadata.labels).toBeUndefined();
  });
});
