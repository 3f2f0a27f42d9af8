import { Layout } from './layout';

describe('where a cluster\'s files are', () => {
  const longestName = 'a'.repeat(20);
  const longestNode = 'node-9999';

  it('keeps the paths of sockets within what the kernel takes', () => {
    const layout = new Layout(longestName);
    const sockets = [layout.controlSocket, layout.node(longestNode).runtimeSocket, layout.tapSocket(`network-agent@${longestNode}`)];
    for (const socket of sockets) expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(107);
  });

  it('has nothing of one cluster in the directory of another', () => {
    const [one, other] = [new Layout('one', '/base'), new Layout('one-more', '/base')];
    for (const path of [other.dir, other.pki, other.kubeconfig, other.etcdData, other.logs, other.plan]) expect(path.startsWith(`${one.dir}/`)).toBe(false);
  });
});
