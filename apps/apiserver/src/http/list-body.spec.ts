import { listHead, listLength, listSteps, typeless } from './list-body';

const pods = [
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', labels: { kind: 'Pod' } } },
  { metadata: { name: 'b' }, kind: 'Pod', apiVersion: 'v1' },
];
const bytes = pods.map((pod) => Buffer.from(JSON.stringify(pod)));
const head = listHead('PodList', 'v1', { version: 7, continue: 'next', remaining: 3 });

it.each([
  ['a kind of their own', bytes, '', pods],
  ['the kind of the list', bytes.map(typeless('v1', 'Pod')), '{', pods.map(({ metadata }) => ({ metadata }))],
  ['nothing', [], '{', []],
])('a list of objects with %s', (_, items, opening, shown) => {
  const written = Buffer.concat([...listSteps({ head, items, opening })]);
  expect(written.length).toBe(listLength({ head, items, opening }));
  expect(JSON.parse(written.toString())).toEqual({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '7', continue: 'next', remainingItemCount: 3 }, items: shown });
});
