import { aContainer, aPod } from '../testing/pod-bench';
import type { PodTable } from '../pods/pod-table';
import { findAttached, findRunningContainer } from './find-container';

const streams = { stdin: true, stdout: true, stderr: true, tty: false };

it.each([
  ['exec', (table: PodTable) => findRunningContainer(table, { namespace: 'default', pod: 'p', podUid: '', container: 'main' }), 'container not found ("main")'],
  ['attach', (table: PodTable) => findAttached(table, { namespace: 'default', pod: 'p', podUid: '', container: 'main' }, streams), 'container main not found in pod p_default'],
])('says in upstream\'s words that what %s is for does not run', (_, find, message) => {
  const worker = { pod: { ...aPod({ containers: [aContainer('main')] }), metadata: { name: 'p', namespace: 'default' } }, view: { containers: [], sandboxes: [] } };
  const table = { find: () => worker } as unknown as PodTable;
  expect(() => find(table)).toThrow(expect.objectContaining({ code: 500, message }) as Error);
});
