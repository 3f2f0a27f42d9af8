// Builds stand-ins for the base images of docker-compose.yml, under the same names, for machines that cannot pull images: from Debian's packages
// and the Node that runs this. A base image that the engine has already is left alone.
//   node tools/compose/stand-ins.mjs [IMAGE]      all of them, or one that only an example needs
// Needs root, debootstrap and a Docker engine (DOCKER_HOST).
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const run = (command, args, options = {}) => {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${result.status ?? result.error}\n${result.stdout ?? ''}${result.stderr ?? ''}`);
  return result.stdout;
};
const has = (image) => spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status === 0;

/** The images that the compose file and the Dockerfile start from. */
export function baseImages() {
  const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const examples = readdirSync(join(root, 'examples'), { recursive: true }).filter((file) => file.endsWith('Dockerfile')).map((file) => readFileSync(join(root, 'examples', file), 'utf8')).join('\n');
  const named = [...compose.matchAll(/^\s*image: (?!navarch\/)(\S+)/gm), ...dockerfile.matchAll(/^ARG NODE_IMAGE=(\S+)/gm), ...examples.matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
  return [...new Set(named)];
}

const debian = 'navarch-stand-in/debian:bookworm';
/** All servers in one: a package is unpacked once, and the images of each say only which of them they start. */
const servers = 'navarch-stand-in/servers:bookworm';

/** As the official slim image: no lists, documents and translations. */
const leftOut = ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info'].map((folder) => `--exclude='./${folder}/*'`).join(' ');

/** Debian itself, by debootstrap from the mirror that this machine uses. */
function buildDebian(work) {
  if (has(debian)) return;
  const target = join(work, 'debian');
  const [mirror] = run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Origin: Debian', 'Codename: bookworm']).split('\n');
  if (!mirror) throw new Error('apt knows no mirror of Debian bookworm: run apt-get update');
  run('debootstrap', ['--variant=minbase', '--include=ca-certificates', 'bookworm', target, mirror], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } });
  run('sh', ['-c', `tar -C ${target} ${leftOut} -c . | docker import - ${debian}`]);
  rmSync(target, { recursive: true, force: true });
}

function dockerBuild(work, image, dockerfile, prepare = () => undefined) {
  const context = join(work, 'context');
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context);
  prepare(context);
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  run('docker', ['build', '-q', '-t', image, context]);
}

function buildServers(work) {
  if (has(servers)) return;
  dockerBuild(work, servers, [
    `FROM ${debian}`,
    'RUN apt-get update -q && apt-get install -y -q --no-install-recommends etcd-server etcd-client nats-server haproxy busybox && rm -rf /var/lib/apt/lists/* && ln -s /bin/busybox /usr/local/bin/wget',
  ].join('\n'));
}

/** A recipe of an image of servers. */
const server = (...lines) => (work, image) => {
  buildServers(work);
  dockerBuild(work, image, [`FROM ${servers}`, ...lines].join('\n'));
};

/** The Node that runs this, with its npm, at the place where the official image has it; and the CAs that this machine trusts, a proxy's between. */
function copyNode(context) {
  const prefix = dirname(dirname(process.execPath));
  const npm = dirname(dirname(dirname(execFileSync('realpath', [execFileSync('which', ['npm'], { encoding: 'utf8' }).trim()], { encoding: 'utf8' }).trim())));
  cpSync('/etc/ssl/certs/ca-certificates.crt', join(context, 'ca-certificates.crt'), { dereference: true });
  mkdirSync(join(context, 'local/bin'), { recursive: true });
  mkdirSync(join(context, 'local/lib/node_modules'), { recursive: true });
  cpSync(process.execPath, join(context, 'local/bin/node'), { dereference: true });
  cpSync(existsSync(join(npm, 'npm')) ? join(npm, 'npm') : join(prefix, 'lib/node_modules/npm'), join(context, 'local/lib/node_modules/npm'), { recursive: true, dereference: true });
}

/** The double that the store's tests use, with the packages that it needs, of the versions that are here. */
function copyKine(context) {
  cpSync(join(root, 'libs/testing/dist/kine'), join(context, 'kine'), { recursive: true });
  cpSync(join(root, 'tools/compose/kine-double.cjs'), join(context, 'kine-double.cjs'));
  const dependencies = Object.fromEntries(['@grpc/grpc-js', '@grpc/proto-loader', 'etcd3'].map((name) => [name, JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version]));
  writeFileSync(join(context, 'package.json'), JSON.stringify({ private: true, dependencies }));
}

const nodeImage = () => /^ARG NODE_IMAGE=(\S+)/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))[1];

const recipes = [
  {
    matches: /\/kine:/,
    build: (work, image) => dockerBuild(work, image, [
      `FROM ${nodeImage()}`, 'WORKDIR /kine', 'COPY package.json ./', `RUN ${process.env.NPM_REGISTRY ? `npm config set registry ${process.env.NPM_REGISTRY} && ` : ''}npm install --no-audit --no-fund --loglevel=error`,
      'COPY . .', 'ENTRYPOINT ["node", "/kine/kine-double.cjs"]',
    ].join('\n'), copyKine),
  },
  { matches: /^debian:bookworm/, build: (_, image) => run('docker', ['tag', debian, image]) },
  {
    matches: /^node:/,
    build: (work, image) => dockerBuild(work, image, [
      `FROM ${debian}`,
      'COPY local /usr/local',
      'COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt',
      'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt',
      'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx && groupadd -g 1000 node && useradd -u 1000 -g node -s /bin/bash -m node',
      'CMD ["node"]',
    ].join('\n'), copyNode),
  },
  { matches: /\/etcd:/, build: server('ENV ETCDCTL_API=3', 'CMD ["etcd"]') },
  { matches: /^nats:/, build: server('ENTRYPOINT ["nats-server"]') },
  { matches: /^haproxy:/, build: server('USER haproxy', 'CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]') },
];

/** Builds those of `images` that are missing, in a directory below `within`; answers their names. */
export function buildStandIns(images = baseImages(), within = tmpdir()) {
  const missing = images.filter((image) => !has(image));
  if (missing.length === 0) return [];
  const work = mkdtempSync(join(within, 'stand-ins-'));
  try {
    buildDebian(work);
    for (const image of missing) {
      const recipe = recipes.find(({ matches }) => matches.test(image));
      if (recipe === undefined) throw new Error(`no stand-in is known for ${image}: add one in tools/compose/stand-ins.mjs`);
      recipe.build(work, image);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return missing;
}

if (process.argv[1] === import.meta.filename) for (const image of process.argv.length > 2 ? buildStandIns(process.argv.slice(2)) : buildStandIns()) console.log(`stand-in for ${image}`);
