import { wantedUser } from './impersonation-headers';

it('reads extra keys that are called like what every object has', () => {
  const names = ['constructor', '__proto__', 'to%53tring', 'constructor'];
  const wanted = wantedUser(['Impersonate-User', 'jane', ...names.flatMap((name) => [`Impersonate-Extra-${name}`, 'a'])]);
  expect(Object.entries(wanted?.extra ?? {})).toEqual([['constructor', ['a', 'a']], ['__proto__', ['a']], ['toString', ['a']]]);
});
