// Builds the small images that a cluster needs before it has a registry, from nothing but busybox:
//   node tools/images/build.mjs --out DIR [--busybox /bin/busybox]
// writes DIR/{web-1,web-2,pause}.tar. Same busybox, same bytes.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ociArchive } from './oci-archive.mjs';
import { pauseBinary, pauseScript } from './pause.mjs';
import { entryScript, shellStart, wgetScript } from './web.mjs';

export const PAUSE_IMAGE = 'navarch.local/pause:1';
export const WEB_IMAGES = ['navarch.local/web:1', 'navarch.local/web:2'];

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386', ppc64: 'ppc64le', riscv64: 'riscv64', s390x: 's390x' };
const SCRIPTS = ['wget'];

function busyboxFiles(path) {
  if (!existsSync(path)) throw new Error(`${path} is missing: install busybox-static`);
  const listed = spawnSync(path, ['--list'], { encoding: 'utf8' });
  if (listed.status !== 0) throw new Error(`${path} --list failed: ${listed.stderr || listed.error}`);
  const binary = readFileSync(path);
  // A dynamically linked one would find no libc in the image.
  if (binary.includes('/ld-linux') || binary.includes('/ld-musl')) throw new Error(`${path} is not statically linked: install busybox-static`);
  const applets = listed.stdout.split('\n').filter((name) => name !== '' && name !== 'busybox' && !SCRIPTS.includes(name)).sort();
  return [
    { path: 'bin', type: 'directory' },
    { path: 'bin/busybox', data: binary, mode: 0o755 },
    ...applets.map((name) => ({ path: `bin/${name}`, type: 'symlink', target: 'busybox' })),
  ];
}

const passwd = [
  { path: 'etc', type: 'directory' },
  { path: 'etc/group', data: 'root:x:0:\nnobody:x:65534:\n' },
  { path: 'etc/passwd', data: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' },
  { path: 'root', type: 'directory', mode: 0o700 },
  { path: 'tmp', type: 'directory', mode: 0o1777 },
];

/** The archives by image name, as bytes. */
export function buildImages({ busybox = '/bin/busybox', arch = process.arch } = {}) {
  const architecture = ARCHITECTURES[arch] ?? arch;
  const system = busyboxFiles(busybox);
  const env = ['PATH=/bin', 'ENV=/etc/shinit'];
  const web = (version) => [
    ...system,
    { path: 'bin/wget', data: wgetScript, mode: 0o755 },
    ...passwd,
    { path: 'etc/shinit', data: shellStart },
    { path: 'web', data: entryScript(version), mode: 0o755 },
  ];
  const images = new Map(
    WEB_IMAGES.map((name) => {
      const version = name.slice(name.lastIndexOf(':') + 1);
      return [name, ociArchive(name, web(version), { Entrypoint: ['/web'], Env: env, ExposedPorts: { '80/tcp': {} }, WorkingDir: '/' }, architecture)];
    }),
  );
  const pause = architecture === 'amd64'
    ? [{ path: 'pause', data: pauseBinary(), mode: 0o755 }]
    : [...system, { path: 'pause', data: pauseScript, mode: 0o755 }];
  images.set(PAUSE_IMAGE, ociArchive(PAUSE_IMAGE, pause, { Entrypoint: ['/pause'], Env: ['PATH=/bin'] }, architecture));
  return images;
}

/** What the images are made of, in short: these scripts and busybox. */
function recipe({ busybox = '/bin/busybox', arch = process.arch } = {}) {
  const scripts = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.mjs')).sort().map((name) => readFileSync(join(import.meta.dirname, name)));
  const { size, mtimeMs } = statSync(busybox, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
  return createHash('sha256').update(Buffer.concat(scripts)).update(`${busybox} ${size} ${mtimeMs} ${arch}`).digest('hex');
}

/** `navarch.local/web:1` is written as web-1.tar, unless it is there as it would be. Answers the paths by image name. */
export function writeImages(folder, options) {
  mkdirSync(folder, { recursive: true });
  const write = (path, data) => {
    writeFileSync(`${path}.new`, data);
    renameSync(`${path}.new`, path);
  };
  const paths = new Map([...WEB_IMAGES, PAUSE_IMAGE].map((name) => [name, join(folder, `${name.slice(name.lastIndexOf('/') + 1).replace(':', '-')}.tar`)]));
  const made = join(folder, 'made-from');
  const wanted = recipe(options);
  if (existsSync(made) && readFileSync(made, 'utf8') === wanted && [...paths.values()].every((path) => existsSync(path))) return paths;
  for (const [name, archive] of buildImages(options)) write(paths.get(name), archive);
  write(made, wanted);
  return paths;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { out: { type: 'string' }, busybox: { type: 'string' } } });
  if (!values.out) {
    console.error('usage: node tools/images/build.mjs --out DIR [--busybox PATH]');
    process.exit(2);
  }
  for (const [name, path] of writeImages(values.out, values.busybox ? { busybox: values.busybox } : {})) console.log(`${name}  ${path}`);
}
