import { manyNodesSpecs } from './many-nodes';

describe('many simulated nodes', () => {
  it('are one process, each node with its own directory', () => {
    const identity = { ca: 'ca', cert: 'cert', key: 'key' };
    const specs = manyNodesSpecs({ root: '/clone', dir: '/data/two-nodes', apiserver: '127.0.0.1:6444', identity, count: 2, prefix: 'sim-', healthzPort: 19_280 });
    expect(specs).toMatchObject([
      { ports: [19_280], args: expect.arrayContaining(['/clone/apps/kubelet/dist/many-nodes/main.js', '--nodes=2', '--node-name-prefix=sim-', '--root-dir=/data/two-nodes/{node}']) as unknown },
    ]);
  });
});
