import { checkContract, type ContractResult } from './contract-case';

it('tells what holds, what does not and why, and what was not tried', async () => {
  const told: ContractResult[] = [];
  const results = await checkContract([
    { name: 'counts', run: (subject: { n: number }) => (subject.n === 1 ? Promise.resolve() : Promise.reject(new Error('miscounts'))) },
    { name: 'fails', run: () => Promise.reject(new Error('it is broken')) },
    { name: 'flies', needs: 'wings', run: () => Promise.resolve() },
    { name: 'swims', needs: 'water', run: () => Promise.resolve() },
  ], { n: 1 }, { offers: ['water'], tell: (result) => told.push(result) });
  expect(results).toEqual([
    { name: 'counts', outcome: 'holds' },
    { name: 'fails', outcome: 'fails', why: 'it is broken' },
    { name: 'flies', outcome: 'not tried', why: 'needs wings' },
    { name: 'swims', outcome: 'holds' },
  ]);
  expect(told).toEqual(results);
});
