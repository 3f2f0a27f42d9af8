import { sum } from './pod-start';

it('adds up the sums of a histogram, of one operation or of all', () => {
  const metrics = 'calls_sum{operation_type="a"} 1.5\ncalls_sum{operation_type="b"} 2\ncalls_count{operation_type="a"} 9\nother_sum 7\n';
  expect([sum(metrics, 'calls', 'operation_type="a"'), sum(metrics, 'calls', ''), sum(metrics, 'none', '')]).toEqual([1.5, 3.5, 0]);
});
