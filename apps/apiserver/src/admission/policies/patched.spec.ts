import { fromJson } from '@navarch/cel';
import { ConfigurationFault } from './policy-params';
import { patched } from './patched';

it('takes for a fault of the policy what its patch cannot do, and nothing else', () => {
  const adding = fromJson([{ op: 'add', path: '/a/b', value: 'x' }]);
  expect(patched({ a: {} }, adding)).toEqual({ a: { b: 'x' } });
  expect(() => patched({}, adding)).toThrow(ConfigurationFault);
  const broken = { get a(): never { throw new TypeError('a mistake of ours'); } };
  expect(() => patched(broken, adding)).toThrow(TypeError);
});
