import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './harness/cluster';

interface Service {
  readonly image?: string;
  readonly privileged?: boolean;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
}

const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const servicesOf = (path: string): [string, Service][] => Object.entries((parse(text(path), { merge: true, maxAliasCount: -1 }) as { services: Record<string, Service> }).services);
const within = (folder: string, name: RegExp): string[] => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((file) => name.test(file)).map((file) => join(folder, file));
const files = ['docker-compose.yml', ...within('tools/compose', /\.yml$/), ...within('examples', /docker-compose\.[^/]*yml$/)];
const dockerfiles = ['Dockerfile', ...within('examples', /Dockerfile$/)];

/** They start containers. */
const privileged = ['node', 'node-1', 'node-2'];
/** What a service may do of root's work; all others may do none of it. */
const capabilities: Readonly<Record<string, readonly string[]>> = {
  'pki': ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
  'proxy-1': ['NET_ADMIN'], 'proxy-2': ['NET_ADMIN'], 'routes': ['NET_ADMIN'], 'routes-1': ['NET_ADMIN'], 'routes-2': ['NET_ADMIN'], 'routes-3': ['NET_ADMIN'],
};

describe('docker-compose.yml', () => {
  const services = servicesOf('docker-compose.yml');
  const confined = services.filter(([name]) => !privileged.includes(name));
  const names = (which: (service: Service) => boolean, of = services): string[] => of.filter(([, service]) => which(service)).map(([name]) => name).sort();

  it('is the highly available cluster unless somebody asks for another', () => expect(text('.env')).toMatch(/^COMPOSE_PROFILES=full$/m));

  it('gives privileges to nodes with containers alone', () => expect(names(({ privileged: all }) => all === true)).toEqual(privileged));

  it('drops every right that a service does not need', () => {
    expect(names(({ cap_drop }) => cap_drop?.includes('ALL') !== true, confined)).toEqual([]);
    expect(Object.fromEntries(services.filter(([, { cap_add }]) => cap_add !== undefined).map(([name, { cap_add }]) => [name, cap_add]))).toEqual(capabilities);
  });

  it('lets no service write to its image', () => expect(names(({ read_only }) => read_only !== true, confined)).toEqual([]));

  it('lets no service gain rights', () => expect(names(({ security_opt }) => security_opt?.includes('no-new-privileges:true') !== true, confined)).toEqual([]));
});

describe('images', () => {
  const images = files.flatMap((file) => servicesOf(file).flatMap(([, { image }]) => (image === undefined ? [] : [`${file}: ${image}`])));
  const bases = dockerfiles.flatMap((file) => [...text(file).matchAll(/^(?:FROM|ARG NODE_IMAGE=) *(\S+)/gm)].map(([, image = '']) => `${file}: ${image}`)).filter((image) => !/: (\$\{|[a-z-]+$)/.test(image));

  it.each([['services', images], ['Dockerfiles', bases]])('of %s are of a version that is told', (_, named) => {
    expect(named.length).toBeGreaterThan(0);
    // Of Debian's a release: its packages change by what is mended, and no more.
    expect(named.filter((image) => !/:v?\d+\.\d+\.\d+[\w.-]*\}?$|: debian:bookworm-slim$/.test(image))).toEqual([]);
  });

  it('are built without asking a registry how to read a Dockerfile', () => {
    for (const file of dockerfiles) expect([file, /^#\s*syntax\s*=/im.test(text(file))]).toEqual([file, false]);
  });
});
