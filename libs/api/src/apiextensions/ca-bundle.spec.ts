import { caBundleProblem } from './ca-bundle';

const block = (kind: string, body: string): string => `-----BEGIN ${kind}-----\n${body}\n-----END ${kind}-----\n`;

it.each([
  ['\n', 'unable to load root certificates: unable to parse bytes as PEM block'],
  [block('PUBLIC KEY', 'aGk='), 'unable to load root certificates: no valid certificate authority data seen'],
  [block('CERTIFICATE', 'a: b\n\naGk='), 'unable to load root certificates: no valid certificate authority data seen'],
])('nobody is trusted by %j', (text, problem) => {
  expect(caBundleProblem(Buffer.from(text).toString('base64'))).toBe(problem);
});

it('says what is wrong with a certificate, and nothing where none is named', () => {
  expect(caBundleProblem(Buffer.from(block('CERTIFICATE', 'aGk=')).toString('base64'))).toMatch(/^unable to load root certificates: failed to parse certificate: ./);
  expect(caBundleProblem('')).toBeUndefined();
  expect(caBundleProblem(undefined)).toBeUndefined();
});
