import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { silentLogger } from '@navarch/component-base';
import { makeTempDir } from '@navarch/testing';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Registry } from 'prom-client';
import { HttpsServer } from './https-server';
import { parseNamedCertKey, SniCertificates } from './sni-certificates';

describe('--tls-sni-cert-key', () => {
  it.each([
    ['a.crt,a.key', { certFile: 'a.crt', keyFile: 'a.key', names: [] }],
    [' a.crt , a.key : one.example , *.two.example', { certFile: 'a.crt', keyFile: 'a.key', names: ['one.example', '*.two.example'] }],
  ])('%j names its files, and whom they are for', (text, read) => {
    expect(parseNamedCertKey(text)).toEqual(read);
  });

  it.each([
    ['a.crt', 'expected comma separated certificate and key file paths'],
    ['a.crt,a.key,more', 'expected comma separated certificate and key file paths'],
    ['a.crt,a.key:', 'empty names list is not allowed'],
  ])('%j is refused', (text, why) => {
    expect(() => parseNamedCertKey(text)).toThrow(why);
  });

  it('shows each client the certificate for the name that it asks for, and all others the own one', async () => {
    const authority = await CertificateAuthority.create('sni', systemClock);
    const folder = await makeTempDir();
    const pair = async (commonName: string, hosts: readonly string[]): Promise<string> => {
      const { cert, key } = await authority.issue({ commonName, hosts: [...hosts], usages: ['server auth'] });
      await Promise.all([writeFile(join(folder.path, `${commonName}.crt`), cert), writeFile(join(folder.path, `${commonName}.key`), key)]);
      return `${join(folder.path, commonName)}.crt,${join(folder.path, commonName)}.key`;
    };
    const flags = [await pair('found', ['found.example', 'shared.example']), await pair('later', ['shared.example']), `${await pair('named', ['other.example'])}:named.example,*.wild.example,found.example`];
    const own = await authority.issue({ commonName: 'own', hosts: ['own.example'], usages: ['server auth'] });
    const refuse = (): Promise<void> => Promise.reject(new Error('nobody asks'));
    const sni = await SniCertificates.load(flags, silentLogger);
    const server = new HttpsServer({ host: '127.0.0.1', port: 0, tls: own, sni }, { target: { handle: refuse, handleUpgrade: refuse }, log: silentLogger, metrics: new Registry() });
    await server.start();
    const shown = async (servername: string): Promise<unknown> => {
      const socket = connect({ host: '127.0.0.1', port: server.port, ...(servername === '' ? {} : { servername }), rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return subject.CN;
    };
    const asked = ['', 'own.example', 'found.example', 'shared.example', 'NAMED.example', 'a.wild.example', 'a.b.wild.example', 'other.example'];
    expect(await Promise.all(asked.map(shown))).toEqual(['own', 'own', 'named', 'found', 'named', 'named', 'own', 'own']);
    await server.stop();
    await folder.remove();
  });
});
