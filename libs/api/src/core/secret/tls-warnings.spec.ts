import { generateKeyPairSync } from 'node:crypto';
import { keyPairProblem } from './tls-warnings';

const block = (kind: string, body: string): string => `-----BEGIN ${kind}-----\n${body.replace(/.{64}/g, '$&\n')}\n-----END ${kind}-----\n`;

// Made for this test alone; valid for a century.
const certificate = block(
  'CERTIFICATE',
  'MIIBbjCCARWgAwIBAgIUMeotFYADVFyKgwszf4c7P1rmEhgwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjgxNTU4MTdaGA8yMTI2MTEwNDE1NTgxN1owDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFYAtyHMIzUtRc+V8HhI2I/MpAztMnJKFuctv7kOn/Cqt6AKtGi+Aaovcw8xeOycfd6Zhqx8uvbFF3U6pgtNubGjUzBRMB0GA1UdDgQWBBRvNuV/9LdIErpyL2nQaHhxze9/IDAfBgNVHSMEGDAWgBRvNuV/9LdIErpyL2nQaHhxze9/IDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIHhMWOSdIg5H/aDguW0rZlf3p1RC9HAiL4yDzL7JFiDrAiBbHPCwlb1/Z2w2f0cUiiasM9dQodE85HunjCsC0QOEAQ==',
);
const itsKey = block('PRIVATE KEY', 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguE2fHd1DSUzapOtTR4WMlIBc1Rsx+SMwz2ZLWpwoZ8mhRANCAARWALchzCM1LUXPlfB4SNiPzKQM7TJyShbnLb+5Dp/wqregCrRovgGqL3MPMXjsnH3emYasfLr2xRd1OqYLTbmx');
const pem = { type: 'pkcs8', format: 'pem' } as const;
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem).toString();
const keyOfOtherType = generateKeyPairSync('ed25519').privateKey.export(pem).toString();

it.each<[certificates: string, key: string, problem: string | undefined]>([
  [certificate, itsKey, undefined],
  [`${block('NOTE', 'aGk=')}${certificate}`, `${certificate}${itsKey}`, undefined],
  [certificate, otherKey, 'tls: private key does not match public key'],
  [certificate, keyOfOtherType, 'tls: private key type does not match public key type'],
  ['', itsKey, 'tls: failed to find any PEM data in certificate input'],
  [itsKey, certificate, 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'],
  [block('NOTE', 'aGk='), itsKey, 'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [NOTE]'],
  [certificate, '', 'tls: failed to find any PEM data in key input'],
  [certificate, certificate, 'tls: found a certificate rather than a key in the PEM for the private key'],
  [certificate, block('NOTE', 'aGk='), 'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [NOTE]'],
  [block('CERTIFICATE', 'aGk='), itsKey, 'x509: malformed certificate'],
  [certificate, block('PRIVATE KEY', 'aGk='), 'tls: failed to parse private key'],
])('%j and %j are a pair, but for %s', (certificates, key, problem) => {
  expect(keyPairProblem(certificates, key)).toBe(problem);
});
