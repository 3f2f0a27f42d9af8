import { requireNameInPath } from './name-in-path';

it.each([
  ['..', `Name parameter invalid: "..": may not be '..'`],
  ['.', `Name parameter invalid: ".": may not be '.'`],
  ['a%b', `Name parameter invalid: "a%b": may not contain '%'`],
  ['a/%b', `Name parameter invalid: "a/%b": may not contain '/';may not contain '%'`],
])('refuses the name %s', (name, message) => {
  expect(() => requireNameInPath(name)).toThrow(message);
});

it.each(['a', 'system:node', 'a..b', '...'])('takes the name %s', (name) => {
  expect(() => requireNameInPath(name)).not.toThrow();
});
